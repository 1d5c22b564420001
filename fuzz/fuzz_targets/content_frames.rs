//! Feeds `tests/seeds/content_frames.rs`.

#![no_main]

#[path = "../../tests/seeds/content_frames.rs"]
mod content_frames;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| content_frames::check(bytes));
