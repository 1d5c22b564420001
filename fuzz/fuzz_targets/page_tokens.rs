//! Feeds `tests/seeds/page_tokens.rs`.

#![no_main]

#[path = "../../tests/seeds/page_tokens.rs"]
mod page_tokens;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| page_tokens::check(bytes));
