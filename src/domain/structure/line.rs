//! A line as a scanner reads it.

/// The bytes of a line that decide its class.
pub const LINE_BYTES: usize = 4 * 1024;

/// The bytes of text after a place within which the scanner decides whether a block begins there, and which one.
pub const LOOK_AHEAD_BYTES: usize = LINE_BYTES;

/// A line, or the part of a long line that decides its class.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The byte of text where it begins.
    pub byte: u64,
    /// Its text without the line end.
    pub text: &'a [u8],
}

/// Returns the lines of a text without their ends: LF, CR LF or CR.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split('\n');
    lines.flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}
