//! Decoding of a source: faults, byte order marks and charsets, under every cut.

use encoding_rs::Encoding;
use sluice::domain::chunking::loaded_spec::LoadedSpec;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::ingest::digest;
use sluice::domain::ingest::engine::{BATCH_BYTES_MAX, Engine, Step};
use sluice::domain::text::encoding::charset::Charset;
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Fault, Policy};

use crate::world::documents::{corpus, repeatable};
use crate::world::run::{Chunk, split};

const REPLACE: Decoding = Decoding {
    charset: Some(Charset::UTF_8),
    invalid: Policy::Replace,
    nul: Policy::Replace,
    byte_order_mark: ByteOrderMark::Drop,
};

fn spec() -> Spec {
    Spec::new(Request {
        max_size: Some(16),
        ..Request::default()
    })
    .unwrap()
}

fn decode<'a>(
    decoding: Decoding,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (String, Option<Fault>) {
    let (chunks, fault) = split(&spec(), decoding, pieces);
    (
        chunks.iter().map(|chunk| chunk.text.as_str()).collect(),
        fault,
    )
}

/// Decodes `bytes` cut at every pair of places, and expects the same result each time.
#[track_caller]
fn check_every_cut(decoding: Decoding, bytes: &[u8], text: &str, fault: Option<Fault>) {
    for first in 0..=bytes.len() {
        for second in first..=bytes.len() {
            let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
            let decoded = decode(decoding, pieces);
            if fault.is_some() {
                assert_eq!(decoded.1, fault, "{pieces:?}");
            } else {
                assert_eq!(decoded, (text.to_owned(), None), "{pieces:?}");
            }
        }
    }
}

#[test]
fn every_character_of_two_to_four_bytes_survives_every_boundary() {
    let mut random = repeatable(3);
    // Every 2-byte character, and every 61st of the others: the whole range, in every byte position.
    let two = 0x80..0x800_u32;
    let more = (0x800..0x11_0000_u32).step_by(61);
    for character in two.chain(more).filter_map(char::from_u32) {
        let text = format!("a{character}b");
        let at = 1 + random(character.len_utf8() + 1);
        let (first, second) = text.as_bytes().split_at(at.min(text.len()));
        assert_eq!(
            decode(Decoding::default(), [first, second]),
            (text.clone(), None)
        );
        assert_eq!(
            decode(Decoding::default(), text.as_bytes().chunks(1)),
            (text.clone(), None)
        );
    }
}

#[test]
fn a_fault_is_reported_at_the_same_byte_under_every_cut() {
    let invalid = |offset| {
        Some(Fault::Invalid {
            offset,
            charset: "UTF-8",
            is_detected: false,
            looks_like: None,
        })
    };
    let check = |bytes: &[u8], fault| check_every_cut(Decoding::default(), bytes, "", fault);
    check(b"ab\xFFcd", invalid(2));
    check(b"ab\xE6\xB0cd", invalid(2));
    check(b"\xF0\x9F\x8C\x8A\x80", invalid(4));
    check(b"\xED\xA0\x80", invalid(0)); // a surrogate
    check(b"\xC0\xAF", invalid(0)); // an overlong slash
    check(b"\xF4\x90\x80\x80", invalid(0)); // beyond U+10FFFF
    check(b"ab\xE6\xB0", invalid(2)); // ends within a character
    check(
        b"ab\0",
        Some(Fault::Nul {
            offset: 2,
            looks_like: None,
        }),
    );
}

/// A fault deep in a document does not discard the text before it: the chunks are there, and the digest of the last
/// checkpoint is that of the source.
#[test]
fn a_fault_deep_in_a_document_is_reported_after_the_chunks_before_it() {
    let before = "A sentence of the text. ".repeat(40_000);
    let source = [before.as_bytes(), b"\xFF", &[b'x'; 1_000]].concat();
    for piece in [1_000, 65_536, source.len()] {
        let mut engine = Engine::new(&LoadedSpec::default(), Decoding::default(), BATCH_BYTES_MAX);
        let (mut text, mut fault) = (String::new(), None);
        let mut pieces = source.chunks(piece);
        let mut rest: &[u8] = &[];
        while fault.is_none() {
            match engine.step() {
                Ok(Step::Feed) if rest.is_empty() => rest = pieces.next().unwrap(),
                Ok(Step::Feed) => rest = &rest[engine.feed(rest)..],
                Ok(Step::Store(batch)) => {
                    let batch = batch.digested();
                    let chunks = batch.chunks.iter().map(|chunk| batch.text(chunk));
                    text.extend(chunks);
                    let place = usize::try_from(batch.checkpoint.place.position.source).unwrap();
                    let digest = batch.checkpoint.source_sha256().unwrap();
                    assert_eq!(digest, digest::sha256(&source[..place]));
                }
                Ok(Step::Done(_)) => unreachable!("the source has a fault"),
                Err(found) => fault = Some(found),
            }
        }
        let offset = before.len() as u64;
        assert!(matches!(fault, Some(Fault::Invalid { offset: at, .. }) if at == offset));
        assert!(before.starts_with(&text) && text.len() > before.len() - 10_000);
    }
}

/// Each maximal subpart is replaced, as in `std` and the Unicode Standard.
#[test]
fn faults_are_replaced_as_std_replaces_them() {
    let malformed: [&[u8]; 9] = [
        b"\x80\xBF",
        b"a\xFFb\xFE\xFFc",
        b"\xE6\xB0\xE6\xB0\xB4\xE6",
        b"\xF0\x9F\x8C\xF0\x9F\x8C\x8A",
        b"\xED\xA0\x80\xED\xB0\x80",
        b"\xC0\xAF\xE0\x80\xAF",
        b"\xF4\x90\x80\x80\xF8\x88",
        b"\xE1\x80\xE2\xF0\x91\x92\xF1\xBFA",
        b"\xEF\xBB",
    ];
    for bytes in malformed {
        check_every_cut(REPLACE, bytes, &String::from_utf8_lossy(bytes), None);
    }
    check_every_cut(REPLACE, b"a\0b", "a\u{FFFD}b", None);
}

#[test]
fn a_replaced_fault_keeps_its_place_in_the_source() {
    let (chunks, _) = split(
        &spec(),
        REPLACE,
        [b"one \xFF\xFE two\0three \xE6\xB0 four "
            .repeat(20)
            .as_slice()],
    );
    let source = b"one \xFF\xFE two\0three \xE6\xB0 four ".repeat(20);
    for Chunk { span, text, .. } in chunks {
        let (start, end) = (
            usize::try_from(span.start.source).unwrap(),
            usize::try_from(span.end.source).unwrap(),
        );
        assert_eq!(
            String::from_utf8_lossy(&source[start..end]).replace('\0', "\u{FFFD}"),
            text
        );
    }
}

#[test]
fn a_byte_order_mark_is_dropped_or_kept() {
    let marked = b"\xEF\xBB\xBFtext\xEF\xBB\xBF";
    check_every_cut(Decoding::default(), marked, "text\u{FEFF}", None);
    let kept = Decoding {
        byte_order_mark: ByteOrderMark::Keep,
        ..Decoding::default()
    };
    check_every_cut(kept, marked, "\u{FEFF}text\u{FEFF}", None);
    let (chunks, _) = split(&spec(), Decoding::default(), [marked.as_slice()]);
    assert_eq!(
        (chunks[0].span.start.byte, chunks[0].span.start.source),
        (0, 3)
    );
}

/// Text of each script in a charset that its readers used, by declaration and by detection.
#[test]
fn legacy_charsets_decode_and_map_exactly() {
    let charsets = [
        ("cyrillic-russian", "windows-1251", true),
        ("cyrillic-russian", "koi8-r", true),
        ("greek", "windows-1253", true),
        ("hebrew", "windows-1255", false),
        ("arabic", "windows-1256", false),
        ("kana-japanese", "shift_jis", true),
        ("kana-japanese", "euc-jp", true),
        ("hangul-korean", "euc-kr", true),
        ("han-chinese", "gb18030", false),
        ("han-chinese", "gbk", true),
        ("latin-english", "windows-1252", false),
    ];
    for (name, label, is_detected) in charsets {
        let text = corpus()
            .into_iter()
            .find(|document| document.name == name)
            .unwrap()
            .text;
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let (source, _, _) = encoding.encode(&text);
        let charset = Some(Charset::from_label(label).unwrap());
        check_mapped(Decoding { charset, ..REPLACE }, &source, encoding, name);
        if is_detected {
            check_mapped(
                Decoding {
                    charset: None,
                    ..REPLACE
                },
                &source,
                encoding,
                name,
            );
        }
    }
}

#[test]
fn utf_16_decodes_by_its_mark_or_by_declaration() {
    let text = corpus()
        .into_iter()
        .map(|document| document.head(500).text)
        .collect::<String>()
        + "\u{1F30A}";
    let little = text
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect::<Vec<_>>();
    let big = text
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect::<Vec<_>>();
    for (source, charset) in [(little, Charset::UTF_16LE), (big, Charset::UTF_16BE)] {
        let declared = Decoding {
            charset: Some(charset),
            ..Decoding::default()
        };
        assert_eq!(decode(declared, source.chunks(7)), (text.clone(), None));
        let marked = [charset.byte_order_mark(), &source].concat();
        let detected = Decoding {
            charset: None,
            ..Decoding::default()
        };
        assert_eq!(decode(detected, marked.chunks(5)), (text.clone(), None));
    }
    let lone = [b'a', 0, 0x00, 0xD8, b'b', 0];
    let little = Decoding {
        charset: Some(Charset::UTF_16LE),
        ..Decoding::default()
    };
    check_every_cut(
        little,
        &lone,
        "",
        Some(Fault::Invalid {
            offset: 2,
            charset: "UTF-16LE",
            is_detected: false,
            looks_like: None,
        }),
    );
    check_every_cut(
        Decoding {
            charset: little.charset,
            ..REPLACE
        },
        &lone,
        "a\u{FFFD}b",
        None,
    );
}

/// Checks that the text equals that of the library, and that the slice of each chunk decodes to the chunk's text.
fn check_mapped(decoding: Decoding, source: &[u8], encoding: &'static Encoding, name: &str) {
    let (text, _) = encoding.decode_without_bom_handling(source);
    for length in [1, 3, 1_000] {
        let (chunks, fault) = split(&spec(), decoding, source.chunks(length));
        assert_eq!(fault, None, "{name} in {}", encoding.name());
        let joined = chunks
            .iter()
            .map(|chunk| chunk.text.as_str())
            .collect::<String>();
        assert_eq!(joined, text, "{name} in {}", encoding.name());
        for Chunk { span, text, .. } in chunks {
            let (start, end) = (
                usize::try_from(span.start.source).unwrap(),
                usize::try_from(span.end.source).unwrap(),
            );
            let (slice, _) = encoding.decode_without_bom_handling(&source[start..end]);
            assert_eq!(slice, text, "{name} in {}", encoding.name());
        }
    }
}

#[test]
fn random_bytes_in_any_charset_decode_as_the_library_decodes_them() {
    let labels = [
        "utf-16le",
        "utf-16be",
        "shift_jis",
        "euc-jp",
        "euc-kr",
        "gb18030",
        "windows-1252",
        "koi8-r",
    ];
    for label in labels {
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let decoding = Decoding {
            charset: Some(Charset::from_label(label).unwrap()),
            ..REPLACE
        };
        for seed in 0..50 {
            let mut random = repeatable(seed);
            let source = (0..300)
                .map(|_| u8::try_from(1 + random(255)).unwrap())
                .collect::<Vec<_>>();
            if source.starts_with(b"\xFF\xFE") || source.starts_with(b"\xFE\xFF") {
                continue;
            }
            let (text, _) = encoding.decode_without_bom_handling(&source);
            let text = text.replace('\0', "\u{FFFD}");
            for length in [1, source.len()] {
                let (chunks, fault) = split(&spec(), decoding, source.chunks(length));
                let joined = chunks
                    .iter()
                    .map(|chunk| chunk.text.as_str())
                    .collect::<String>();
                assert_eq!(
                    (joined, fault),
                    (text.clone(), None),
                    "{label}, seed {seed}"
                );
                let end = chunks.last().unwrap().span.end.source;
                assert_eq!(end, source.len() as u64, "{label}, seed {seed}");
            }
        }
    }
}

/// The last byte of each fault begins the next character, for example an ASCII digit after a lead byte.
#[test]
fn text_after_a_fault_keeps_its_place_in_the_source() {
    for (label, source, text) in [
        (
            "gb18030",
            b"\x81\x30\x81\x20abc".as_slice(),
            "\u{FFFD}0\u{FFFD} abc",
        ),
        ("gbk", b"\xD6\x33\xB9\xFAabc", "\u{FFFD}3\u{56FD}abc"),
        ("shift_jis", b"\x81\x20abc", "\u{FFFD} abc"),
    ] {
        let decoding = Decoding {
            charset: Some(Charset::from_label(label).unwrap()),
            ..REPLACE
        };
        let request = Request {
            max_size: Some(2),
            ..Request::default()
        };
        let (chunks, _) = split(&Spec::new(request).unwrap(), decoding, [source]);
        let joined = chunks
            .iter()
            .map(|chunk| chunk.text.as_str())
            .collect::<String>();
        assert_eq!(joined, text, "{label}");
        let ascii = chunks
            .iter()
            .rev()
            .take(1)
            .map(|chunk| chunk.span)
            .next()
            .unwrap();
        assert_eq!(ascii.end.source, source.len() as u64, "{label}");
        let from = usize::try_from(ascii.start.source).unwrap();
        let last = chunks.last().unwrap().text.as_bytes();
        assert!(
            source[from..] == *last,
            "{label}: the last chunk equals its slice"
        );
    }
}
