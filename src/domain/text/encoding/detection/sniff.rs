//! Detects binary formats by the first bytes of a source.
//!
//! Magic numbers are short, and some are letters: a text may begin with `BM`, `MZ` or `GIF`. So a magic number alone
//! rejects nothing. The head must also hold a byte that text does not have, or show the structure of the format.
//! Formats made of text (HTML, XML, scripts, PEM, RTF, PostScript) are text.

use crate::domain::text::encoding::charset::Charset;

/// The number of a source's first bytes that are examined. The magic number of a tar archive, the last one that
/// counts, ends at byte 262.
pub const HEAD_BYTES: usize = 512;

/// Returns the binary format of a source that begins with `head`, with its article: "a PDF document". `None` means
/// that the source may be text. `head` is the first [`HEAD_BYTES`] bytes, or the whole source if that is shorter.
/// The answer therefore does not depend on how the source is cut into messages.
#[must_use]
pub fn binary_format(head: &[u8], charset: Option<Charset>) -> Option<&'static str> {
    let head = &head[..head.len().min(HEAD_BYTES)];
    if is_pdf(head) {
        return Some("a PDF document");
    }
    if is_bzip2(head) {
        return Some("a bzip2 archive");
    }
    // Each format below has a byte in its first 512 that text does not have.
    if !head.iter().copied().any(is_no_text) {
        return None;
    }
    if head.starts_with(b"\x7FELF") {
        return Some("a program");
    }
    let found = infer::get(head)?;
    // The name of a file in an archive may look like the magic number of another format.
    let extension = if infer::is(head, "tar") {
        "tar"
    } else {
        found.extension()
    };
    // A short magic number also needs a NUL. UTF-16 and UTF-32 texts contain NULs, so for them it proves nothing.
    let is_wide = charset.is_some_and(Charset::is_wide);
    if is_short(extension) && (is_wide || !head.contains(&0)) {
        return None;
    }
    name(extension, found.matcher_type())
}

/// Whether a byte occurs in binary data only: the control characters that `file` does not count as text. ESC is
/// text, because logs have colours; so are BEL, BS, VT and FF.
fn is_no_text(byte: u8) -> bool {
    matches!(byte, 0..=6 | 14..=26 | 28..=31 | 127)
}

/// Whether a PDF begins. Its header is printable, so the rest of the line decides. A letter after the version means
/// prose about PDF, unless an object follows.
fn is_pdf(head: &[u8]) -> bool {
    let start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let Some(version) = start.trim_ascii_start().strip_prefix(b"%PDF-") else {
        return false;
    };
    let [major, b'.', minor, rest @ ..] = version else {
        return false;
    };
    let line = rest.split(|byte| matches!(byte, b'\n' | b'\r')).next();
    let is_prose = line.is_some_and(|line| {
        let after = line.trim_ascii_start().first();
        after.is_some_and(u8::is_ascii_alphabetic)
    });
    let has_object = head
        .windows(5)
        .any(|window| window == b" obj\n" || window == b" obj\r");
    let is_binary = head.iter().copied().any(is_no_text);
    major.is_ascii_digit() && minor.is_ascii_digit() && (!is_prose || has_object || is_binary)
}

/// Whether a bzip2 stream begins: level, then the magic number of a block or of the end.
fn is_bzip2(head: &[u8]) -> bool {
    let Some([level, block @ ..]) = head.strip_prefix(b"BZh") else {
        return false;
    };
    matches!(level, b'1'..=b'9')
        && (block.starts_with(b"1AY&SY") || block.starts_with(b"\x17rE8P\x90"))
}

/// Whether the magic number of a format has fewer than four bytes.
fn is_short(extension: &str) -> bool {
    matches!(
        extension,
        "Z" | "aac"
            | "bc"
            | "bmp"
            | "bz2"
            | "cpio"
            | "der"
            | "dll"
            | "exe"
            | "gif"
            | "jxl"
            | "jxr"
            | "mp3"
            | "obj"
            | "swf"
    )
}

/// Returns the common name of a format. `None` means that the format is text.
fn name(extension: &str, kind: infer::MatcherType) -> Option<&'static str> {
    Some(match extension {
        "ps" | "rtf" | "pem" => return None,
        "png" => "a PNG image",
        "jpg" => "a JPEG image",
        "gif" => "a GIF image",
        "webp" => "a WebP image",
        "tif" => "a TIFF image",
        "bmp" => "a BMP image",
        "ico" => "an icon",
        "heif" => "a HEIF image",
        "avif" => "an AVIF image",
        "psd" => "a Photoshop image",
        "djvu" => "a DjVu document",
        "dwg" => "an AutoCAD drawing",
        "dcm" => "a DICOM image",
        "docx" => "a Word document",
        "xlsx" => "an Excel workbook",
        "pptx" => "a PowerPoint presentation",
        "doc" | "xls" | "ppt" | "msi" => "an old Office document",
        "odt" | "ods" | "odp" => "an OpenDocument file",
        "epub" | "mobi" => "an e-book",
        "zip" => "a ZIP archive or an Office document",
        "gz" => "a gzip archive",
        "bz2" => "a bzip2 archive",
        "xz" => "an xz archive",
        "zst" => "a Zstandard archive",
        "lz4" => "an LZ4 archive",
        "7z" => "a 7z archive",
        "rar" => "a RAR archive",
        "tar" => "a tar archive",
        "deb" | "rpm" => "a software package",
        "sqlite" => "a SQLite database",
        "der" => "a certificate",
        "qcow2" => "a disk image",
        "swf" => "a Flash program",
        "class" => "a Java program",
        "wasm" => "a WebAssembly program",
        "eot" => "a font",
        _ => match kind {
            infer::MatcherType::Text => return None,
            infer::MatcherType::App => "a program",
            infer::MatcherType::Archive => "an archive",
            infer::MatcherType::Audio => "an audio file",
            infer::MatcherType::Book => "an e-book",
            infer::MatcherType::Doc => "an Office document",
            infer::MatcherType::Font => "a font",
            infer::MatcherType::Image => "an image",
            infer::MatcherType::Video => "a video",
            infer::MatcherType::Custom => "a binary file",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::binary_format;
    use crate::domain::text::encoding::charset::Charset;

    fn padded(magic: &[u8]) -> Vec<u8> {
        let mut head = magic.to_vec();
        head.resize(600, 0);
        head
    }

    #[test]
    fn formats_are_named() {
        let mut tar = padded(b"BMW.txt");
        tar[257..262].copy_from_slice(b"ustar");
        let mut dicom = padded(b"");
        dicom[128..132].copy_from_slice(b"DICM");
        let cases: &[(&[u8], &str)] = &[
            (b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj\n", "a PDF document"),
            (b"%PDF-1.4\r\n1 0 obj\r\n", "a PDF document"),
            (b"%PDF-1.4 \nstartxref", "a PDF document"),
            (b"%PDF-2.0", "a PDF document"),
            (b"%PDF-1.7 ...", "a PDF document"),
            (b"\xEF\xBB\xBF\n%PDF-1.5\n", "a PDF document"),
            (b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", "a PNG image"),
            (b"GIF89a\x01\0\x01\0\x80\0\0", "a GIF image"),
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF\0", "a JPEG image"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "a WebP image"),
            (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0", "a BMP image"),
            (b"II*\0\x08\0\0\0\x0F\0\xFE\0", "a TIFF image"),
            (b"SQLite format 3\0\x10\0", "a SQLite database"),
            (b"\x1F\x8B\x08\0\0\0\0\0\0\x03", "a gzip archive"),
            (b"BZh91AY&SY", "a bzip2 archive"),
            (b"\xFD7zXZ\0\0\x04", "an xz archive"),
            (
                b"\x28\xB5\x2F\xFD\x24\x03\x19\0\0abc",
                "a Zstandard archive",
            ),
            (b"7z\xBC\xAF\x27\x1C\0\x04", "a 7z archive"),
            (b"Rar!\x1A\x07\x01\0", "a RAR archive"),
            (
                b"PK\x03\x04\x14\0\0\0\x08\0",
                "a ZIP archive or an Office document",
            ),
            (
                b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0",
                "an old Office document",
            ),
            (b"\x7FELF\x02\x01\x01\0", "a program"),
            (b"MZ\x90\0\x03\0\0\0\x04\0", "a program"),
            (b"\0asm\x01\0\0\0", "a WebAssembly program"),
            (b"ID3\x04\0\0\0\0\0\0", "an audio file"),
            (b"OggS\0\x02\0\0", "an audio file"),
            (b"\0\0\0\x18ftypisom\0\0\0\0", "a video"),
            (&tar, "a tar archive"),
            (&dicom, "a DICOM image"),
        ];
        for (head, expected) in cases {
            let charsets = [
                None,
                Some(Charset::UTF_8),
                Charset::from_label("latin1").ok(),
            ];
            for charset in charsets {
                assert_eq!(binary_format(head, charset), Some(*expected), "{head:?}");
            }
        }
    }

    #[test]
    fn text_that_begins_like_a_format_is_text() {
        let texts: &[&[u8]] = &[
            b"",
            b"BMW ist eine Marke.",
            b"MZ is how a program begins.",
            b"PK is a pair of letters.",
            b"II* marks a TIFF.",
            b"ID3 tags name a song.",
            b"GIF89a is a format of images.",
            b"GIF images: \x1B[31mred\x1B[0m",
            b"Rar! is a magic number.",
            b"BZh91 is a bzip2 header.",
            b"BC and AD",
            b"%PDF-1.4 is a version of PDF.",
            b"%PDF- begins a document.",
            b"Of %PDF-1.4\nI speak.",
            b"%!PS-Adobe-3.0\n",
            b"{\\rtf1\\ansi text}",
            b"-----BEGIN CERTIFICATE-----\nMIIB\n",
            b"#!/bin/sh\necho \x01\n",
            b"<!DOCTYPE html><p>text",
            b"<?xml version=\"1.0\"?><a>\x0C</a>",
            b"SQLite is a database.",
            b"OggS is a container.",
            b"the ftypisom box",
            b"the moov and the mdat atom",
            b"070701 is a number, and so is 070702.",
            b"!<arch>\ntext",
            b"0\x82 is Latin-1",
            b"\xFF\xFEt\0e\0x\0t\0",
            b"\xFE\xFF\0t\0e\0x\0t",
            "水 and more of it".as_bytes(),
        ];
        for head in texts {
            assert_eq!(binary_format(head, None), None, "{head:?}");
        }
        // A control character is not a NUL, and short magic numbers need one.
        assert_eq!(binary_format(b"BMW\x01", None), None);
    }

    #[test]
    fn text_in_utf_16_is_text_whatever_its_units_spell() {
        let text =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        for said in [
            "\u{4D42} text",
            "\u{5A4D} text",
            "\u{8230} text",
            "\u{14C} text",
            "plain",
        ] {
            let head = text(said);
            assert_eq!(
                binary_format(&head, Some(Charset::UTF_16LE)),
                None,
                "{said}"
            );
        }
        let png = padded(b"\x89PNG\r\n\x1A\n");
        assert_eq!(
            binary_format(&png, Some(Charset::UTF_16LE)),
            Some("a PNG image")
        );
    }
}
