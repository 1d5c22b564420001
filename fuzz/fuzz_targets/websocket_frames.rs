//! Feeds `tests/seeds/websocket_frames.rs`.

#![no_main]

#[path = "../../tests/seeds/websocket_frames.rs"]
mod websocket_frames;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| websocket_frames::check(bytes));
