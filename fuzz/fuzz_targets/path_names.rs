//! Feeds `tests/seeds/path_names.rs`.

#![no_main]

#[path = "../../tests/seeds/path_names.rs"]
mod path_names;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| path_names::check(bytes));
