//! Feeds `tests/seeds/decoder_and_chunkers.rs`.

#![no_main]

#[path = "../../tests/seeds/decoder_and_chunkers.rs"]
mod decoder_and_chunkers;
#[path = "../../tests/seeds/settings.rs"]
mod settings;
#[path = "../../tests/private/tokenizers.rs"]
mod tokenizers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decoder_and_chunkers::check(bytes));
