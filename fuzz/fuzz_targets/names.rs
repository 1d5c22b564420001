//! Feeds `tests/seeds/names.rs`.

#![no_main]

#[path = "../../tests/seeds/names.rs"]
mod names;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| names::check(bytes));
