//! Feeds `tests/seeds/config.rs`.

#![no_main]

#[path = "../../tests/seeds/config.rs"]
mod config;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| config::check(bytes));
