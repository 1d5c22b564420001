//! The program's memory stays flat for documents of any size.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::world::SLUICE;

/// Twenty megabytes for a gigabyte. A build without optimization has the same limit.
const PEAK_KIB_MAX: u64 = 20 * 1024;
const PIECE: usize = 1 << 20;
const PIECES: usize = 1_000;

#[test]
fn a_gigabyte_streams_through_in_twenty_megabytes() {
    let mut child = Command::new(SLUICE)
        .args([
            "chunk",
            "--no-text",
            "--strategy",
            "recursive",
            "--overlap",
            "100",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = piece();
    let mut peak = 0;
    for _ in 0..PIECES {
        stdin.write_all(&text).unwrap();
        peak = peak.max(peak_kib(child.id()).unwrap());
    }
    drop(stdin);
    // The peak never falls, so the last reading before the end counts.
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(peak_kib(child.id()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().success());
    assert!((1..=PEAK_KIB_MAX).contains(&peak), "{peak} KiB");
}

/// Returns a mebibyte of the corpus, repeated.
fn piece() -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let texts = paths
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .map(|path| fs::read_to_string(path).unwrap());
    let mut text = texts.collect::<String>().repeat(4);
    text.truncate(text.floor_char_boundary(PIECE));
    text.into_bytes()
}

/// Returns the kernel's peak of resident memory. `None` means that the process has ended.
fn peak_kib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
