//! Recovery of a source from its chunks: byte for byte, from any byte on, or not at all.

use encoding_rs::Encoding;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::ingest::digest::sha256;
use sluice::domain::ingest::recovery::{Recovery, Unrecoverable};
use sluice::domain::text::encoding::charset::Charset;
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Policy};
use sluice::domain::text::encoding::encoder::encode;

use crate::world::documents::{Document, corpus, pathological, repeatable};
use crate::world::run::{Chunk, split};

fn overlapping() -> Spec {
    let request = Request {
        max_size: Some(100),
        overlap: 20,
        ..Request::default()
    };
    Spec::new(request).unwrap()
}

/// Recovers the source from byte `at` on.
fn recovered(
    charset: Charset,
    chunks: &[Chunk],
    at: usize,
    source_bytes: usize,
) -> Result<Vec<u8>, Unrecoverable> {
    let mut recovery = Recovery::new(charset, at as u64);
    let mut source = Vec::new();
    for chunk in chunks {
        source.extend(recovery.chunk(chunk.span, &chunk.text)?);
    }
    source.extend(recovery.finish(source_bytes as u64)?);
    Ok(source)
}

fn check(name: &str, charset: Charset, byte_order_mark: ByteOrderMark, source: &[u8]) {
    let decoding = Decoding {
        charset: Some(charset),
        byte_order_mark,
        ..Decoding::default()
    };
    let (chunks, fault) = split(&overlapping(), decoding, [source]);
    assert_eq!(fault, None, "{name}");
    let mut random = repeatable(source.len() as u64);
    for _ in 0..5 {
        let at = random(source.len() + 1);
        // The last chunk that begins at the byte or before it.
        let begins = |chunk: &Chunk| chunk.span.start.source <= at as u64;
        let first = chunks.partition_point(begins).saturating_sub(1);
        for chunks in [&chunks[..], &chunks[first..]] {
            let found = recovered(charset, chunks, at, source.len());
            assert!(found.as_deref() == Ok(&source[at..]), "{name} from {at}");
        }
    }
}

/// Encodes a text in UTF-16, which `encoding_rs` only decodes.
fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn a_source_in_unicode_is_recovered_from_any_byte_with_and_without_its_mark() {
    let documents = corpus().into_iter().chain(pathological(5_000));
    let empty = Document::new("nothing", "");
    for document in documents.chain([empty]) {
        // A mark at the start of the text equals a byte order mark, so it is removed first.
        let text = document.text.trim_start_matches('\u{FEFF}');
        for mark in ["", "\u{FEFF}", "\u{FEFF}\u{FEFF}"] {
            let text = format!("{mark}{text}");
            for policy in [ByteOrderMark::Drop, ByteOrderMark::Keep] {
                check(&document.name, Charset::UTF_8, policy, text.as_bytes());
                let le = utf_16(&text, u16::to_le_bytes);
                check(&document.name, Charset::UTF_16LE, policy, &le);
                let be = utf_16(&text, u16::to_be_bytes);
                check(&document.name, Charset::UTF_16BE, policy, &be);
                for charset in [Charset::UTF_32LE, Charset::UTF_32BE] {
                    let wide = encode(charset, &text).unwrap();
                    check(&document.name, charset, policy, &wide);
                }
            }
        }
    }
}

#[test]
fn a_source_in_a_legacy_charset_is_recovered_from_any_byte() {
    let cases = [
        ("windows-1252", "latin-english"),
        ("windows-1258", "latin-english"),
        ("iso-8859-7", "greek"),
        ("koi8-r", "cyrillic-russian"),
        ("x-mac-cyrillic", "cyrillic-russian"),
        ("windows-1255", "hebrew"),
        ("shift_jis", "kana-japanese"),
        ("euc-jp", "kana-japanese"),
        ("gb18030", "han-chinese"),
        ("gb18030", "thai"),
        ("euc-kr", "hangul-korean"),
    ];
    let corpus = corpus();
    for (label, name) in cases {
        let document = corpus.iter().find(|document| document.name == name);
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        // Characters that the charset does not have are removed.
        let has = |c: &char| !encoding.encode(c.encode_utf8(&mut [0; 4])).2;
        let text = document.unwrap().text.chars().filter(has);
        let text = text.collect::<String>();
        let source = encoding.encode(&text).0;
        let charset = Charset::from_label(label).unwrap();
        check(label, charset, ByteOrderMark::Drop, &source);
    }
}

/// The length or the digest of the recovered bytes shows the difference.
#[test]
fn wrong_recovered_bytes_are_never_taken_for_the_source() {
    let replace = Decoding {
        invalid: Policy::Replace,
        nul: Policy::Replace,
        ..Decoding::default()
    };
    let cases: [(&str, &[u8]); 7] = [
        ("utf-32le", b"a\0\0\0\0\xD8\0\0b\0\0\0"),
        ("utf-8", b"one bad byte \xFF and more"),
        ("utf-8", b"a NUL \0 and more"),
        ("utf-8", b"three bytes of four \xF0\x9F\x98 and more"),
        ("utf-16le", b"a\0\x00\xD8b\0"),
        ("shift_jis", b"\x87\x90 is \x81\xE0 too"),
        ("windows-1257", b"a byte \xA1 of no character"),
    ];
    for (label, source) in cases {
        let charset = Charset::from_label(label).unwrap();
        let decoding = Decoding {
            charset: Some(charset),
            ..replace
        };
        let (chunks, _) = split(&overlapping(), decoding, [source]);
        let found = recovered(charset, &chunks, 0, source.len());
        let is_source = found.is_ok_and(|found| sha256(&found) == sha256(source));
        assert!(!is_source, "{label} {source:?}");
    }
}

#[test]
fn random_bytes_are_recovered_in_full_length_or_not_at_all() {
    let labels = [
        "utf-8",
        "utf-16le",
        "utf-32be",
        "big5",
        "gbk",
        "euc-kr",
        "koi8-u",
        "windows-1253",
    ];
    let mut whole = 0;
    for label in labels {
        let charset = Charset::from_label(label).unwrap();
        let decoding = Decoding {
            charset: Some(charset),
            invalid: Policy::Replace,
            nul: Policy::Replace,
            byte_order_mark: ByteOrderMark::Drop,
        };
        for seed in 0..200 {
            let mut random = repeatable(seed);
            let length = random(20);
            let byte = |_| u8::try_from(random(256)).unwrap();
            let source = (0..length).map(byte).collect::<Vec<_>>();
            let (chunks, _) = split(&overlapping(), decoding, [source.as_slice()]);
            let found = recovered(charset, &chunks, 0, source.len());
            if let Ok(found) = found {
                assert_eq!(found.len(), source.len(), "{label}, seed {seed}");
                whole += usize::from(found == source);
            }
        }
    }
    assert!(whole > 200, "{whole}");
}
