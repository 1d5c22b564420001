//! Binary formats are rejected by their first bytes, in every charset and under every cut.

use std::iter::repeat_n;

use sluice::domain::chunking::spec::checked::Spec;
use sluice::domain::text::encoding::charset::Charset;
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Fault, Policy};

use crate::world::run::split;

/// The decodings under which the same bytes must be rejected.
fn policies() -> Vec<Decoding> {
    let labels = ["utf-8", "windows-1252", "shift_jis", "utf-16le"];
    let charsets = labels.map(|label| Charset::from_label(label).ok());
    let charsets = charsets.into_iter().chain([None]);
    charsets
        .map(|charset| Decoding {
            charset,
            invalid: Policy::Replace,
            nul: Policy::Replace,
            byte_order_mark: ByteOrderMark::Drop,
        })
        .collect()
}

fn long(magic: &[u8]) -> Vec<u8> {
    magic.iter().copied().chain(repeat_n(7, 2_000)).collect()
}

#[test]
fn a_binary_format_is_rejected_in_every_charset_however_it_is_cut() {
    let mut tar = vec![0; 2_000];
    tar[..5].copy_from_slice(b"a.txt");
    tar[257..262].copy_from_slice(b"ustar");
    let sources = [
        (b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec(), "a PDF document"),
        (long(b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR"), "a PNG image"),
        (long(b"\x1F\x8B\x08\0\0\0\0\0\0\x03"), "a gzip archive"),
        (long(b"SQLite format 3\0\x10\0"), "a SQLite database"),
        (tar, "a tar archive"),
    ];
    for (source, format) in &sources {
        let rejected = (Vec::new(), Some(Fault::Binary { format }));
        for decoding in policies() {
            let cut = |pieces: Vec<&[u8]>| split(&Spec::default(), decoding, pieces);
            assert_eq!(cut(vec![source]), rejected, "{decoding}");
            assert_eq!(cut(source.chunks(1).collect()), rejected, "{decoding}");
            for at in (0..source.len()).step_by(31) {
                let pieces = vec![&source[..at], &source[at..]];
                assert_eq!(cut(pieces), rejected, "cut at {at}: {decoding}");
            }
        }
    }
}

#[test]
fn text_that_begins_with_a_magic_number_is_chunked() {
    let texts = [
        "BMW ist eine Marke.",
        "GIF89a is a format of images.",
        "%PDF-1.4 is a version of a format.",
        "MZ begins a program.",
        "SQLite is a database.",
        "PK\u{3}, said the parser",
    ];
    for text in texts {
        for source in [text.to_owned(), text.repeat(100)] {
            let pieces = source.as_bytes().chunks(1);
            let (chunks, fault) = split(&Spec::default(), Decoding::default(), pieces);
            assert_eq!(fault, None, "{text}");
            let whole = chunks.iter().map(|chunk| chunk.text.as_str());
            assert_eq!(whole.collect::<String>(), source);
        }
    }
}
