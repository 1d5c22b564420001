//! Formats that are not text, told by their first bytes.

/// How many bytes are looked at.
pub const SNIFFED_BYTES: usize = 8;

/// Magic numbers and what has them.
const FORMATS: &[(&[u8], &str)] = &[
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "an Office document or a ZIP archive"),
    (
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        "an old Office document",
    ),
    (b"\x89PNG\r\n\x1A\n", "a PNG image"),
    (b"\xFF\xD8\xFF", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1F\x8B\x08", "a gzip file"),
    (b"\x28\xB5\x2F\xFD", "a Zstandard file"),
    (b"\x7FELF", "a program"),
];

/// What a source with this start is, if it is none that holds text.
#[must_use]
pub fn binary_format(start: &[u8]) -> Option<&'static str> {
    FORMATS
        .iter()
        .find(|(magic, _)| start.starts_with(magic))
        .map(|(_, format)| *format)
}
