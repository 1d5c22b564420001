//! The charset of a source that declares none, and advice where the declared one is wrong: under
//! every cut, and stopped anywhere.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use sluice::domain::chunking::spec::{Request, Spec};
use sluice::domain::chunking::splitter::Splitter;
use sluice::domain::ingest::machine::{BATCH_BYTES_MIN, Machine};
use sluice::domain::text::charset::Charset;
use sluice::domain::text::decoder::Choice;
use sluice::domain::text::decoding::{ByteOrderMark, Decoding, Fault, Policy};
use sluice::domain::text::encoder::encode;
use sluice::domain::text::undecided::{CONTEXT_BYTES, DECIDING_BYTES, HEAD_BYTES};

use crate::world::documents::{corpus, repeatable};
use crate::world::run::ingest;

/// Detects the charset, and rejects faults.
pub(crate) const AUTO: Decoding = Decoding {
    charset: None,
    invalid: Policy::Reject,
    nul: Policy::Reject,
    byte_order_mark: ByteOrderMark::Drop,
};

const WIDE: [Charset; 4] = [
    Charset::UTF_16LE,
    Charset::UTF_16BE,
    Charset::UTF_32LE,
    Charset::UTF_32BE,
];

fn declared(label: &str) -> Decoding {
    Decoding {
        charset: Some(Charset::from_label(label).unwrap()),
        ..AUTO
    }
}

/// The text and the charset of `source`, fed in pieces of so many bytes.
pub(crate) fn decoded(
    decoding: Decoding,
    source: &[u8],
    piece_bytes: usize,
) -> Result<(String, &'static str), Fault> {
    let pieces = source.chunks(piece_bytes.max(1));
    decoded_pieces(decoding, pieces)
}

fn decoded_pieces<'a>(
    decoding: Decoding,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(String, &'static str), Fault> {
    let mut splitter = Splitter::new(Spec::default().chunker(), decoding);
    let mut text = String::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            piece = &piece[splitter.feed(piece)..];
            while let Some(cut) = splitter.next_chunk()? {
                text.push_str(cut.text);
            }
        }
    }
    splitter.finish();
    while let Some(cut) = splitter.next_chunk()? {
        text.push_str(cut.text);
    }
    let charset = splitter.place().choice.charset().unwrap();
    Ok((text, charset.name()))
}

#[track_caller]
fn check(source: &[u8], text: &str, charset: Charset) {
    for piece_bytes in [source.len(), 1_000, 7] {
        let found = decoded(AUTO, source, piece_bytes);
        let (found, name) = found.unwrap();
        assert_eq!(name, charset.name(), "in pieces of {piece_bytes}");
        assert!(found == text, "in pieces of {piece_bytes}: {found}");
    }
}

/// ASCII of so many bytes, in lines.
fn ascii(bytes: usize) -> String {
    let line = "The gate of the sluice was opened at 9.30 (see page 12).\n";
    line.chars().cycle().take(bytes).collect()
}

#[test]
fn utf_8_with_a_few_faults_stays_utf_8_and_the_fault_is_reported_by_its_byte() {
    for document in corpus().iter().filter(|document| !document.text.is_ascii()) {
        let text = document.head(4_000).text;
        let middle = text.floor_char_boundary(text.len() / 2);
        for fault in [b"\xFF".as_slice(), b"\xE9", b"\xC0\xAF", b"\xE6\xB0"] {
            let source = [
                &text.as_bytes()[..middle],
                fault,
                b" ",
                &text.as_bytes()[middle..],
            ];
            let source = source.concat();
            for piece_bytes in [1, 999, source.len()] {
                let found = decoded(AUTO, &source, piece_bytes).unwrap_err();
                let expected = Fault::Invalid {
                    offset: middle as u64,
                    charset: "UTF-8",
                    is_detected: true,
                    looks_like: None,
                };
                assert_eq!(found, expected, "{}", document.name);
            }
            let replace = Decoding {
                invalid: Policy::Replace,
                ..AUTO
            };
            let (found, name) = decoded(replace, &source, 999).unwrap();
            assert_eq!(name, "UTF-8", "{}", document.name);
            assert!(
                found == String::from_utf8_lossy(&source),
                "{}",
                document.name
            );
        }
    }
    let short = decoded(AUTO, b"caf\xC3\xA9 \xFF", 3).unwrap_err();
    assert_eq!(short.offset(), 6);
}

/// The first byte outside ASCII decides, wherever it is.
#[test]
fn a_first_accent_after_any_number_of_ascii_bytes_is_decoded() {
    let [head, deciding] = [HEAD_BYTES, DECIDING_BYTES];
    let text = "Le caf\u{E9} d'apr\u{E8}s-midi o\u{F9} l'\u{E9}t\u{E9} s'ach\u{E8}ve.\n";
    let counts = [
        0,
        1,
        head - 1,
        head,
        head + 1,
        deciding - 1,
        deciding,
        deciding + 1,
    ];
    for count in counts
        .into_iter()
        .chain([deciding + head, 100_000, 1_000_000])
    {
        let text = format!("{}{text}", ascii(count));
        let latin = WINDOWS_1252.encode(&text).0;
        let charset = Charset::from_label("windows-1252").unwrap();
        check(&latin, &text, charset);
        check(text.as_bytes(), &text, Charset::UTF_8);
    }
    check(ascii(100_000).as_bytes(), &ascii(100_000), Charset::UTF_8);
    check(b"", "", Charset::UTF_8);
}

#[test]
fn each_script_after_a_long_ascii_prefix_is_decoded() {
    for (name, label) in [
        ("cyrillic-russian", "windows-1251"),
        ("cyrillic-russian", "koi8-r"),
        ("greek", "windows-1253"),
        ("kana-japanese", "shift_jis"),
        ("kana-japanese", "euc-jp"),
        ("hangul-korean", "euc-kr"),
        ("han-chinese", "gbk"),
    ] {
        let documents = corpus();
        let document = documents.iter().find(|document| document.name == name);
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let encoded = encoding.encode(&document.unwrap().text).0;
        let source = [ascii(50_000).as_bytes(), &encoded].concat();
        let (text, _) = encoding.decode_without_bom_handling(&source);
        let found = decoded(AUTO, &source, 4_096).unwrap();
        assert!(found.0 == text, "{name} in {label}: {}", found.1);
    }
}

/// Every cut in two, around the bytes where what decides begins and ends.
#[test]
fn every_cut_around_what_decides_gives_the_same_text() {
    let text = format!(
        "{}caf\u{E9}, d\u{E9}j\u{E0} vu. {}",
        ascii(2_000),
        ascii(34_000)
    );
    let source = WINDOWS_1252.encode(&text).0;
    let first = source.iter().position(|byte| !byte.is_ascii()).unwrap();
    let places = [0, HEAD_BYTES, first, first + DECIDING_BYTES, source.len()];
    let whole = decoded(AUTO, &source, source.len()).unwrap();
    assert_eq!((whole.0.as_str(), whole.1), (text.as_str(), "windows-1252"));
    for place in places {
        let from = place.saturating_sub(CONTEXT_BYTES + 4);
        for at in from..=source.len().min(place + CONTEXT_BYTES + 4) {
            let pieces = [&source[..at], &source[at..]];
            let cut = decoded_pieces(AUTO, pieces).unwrap();
            assert!(cut == whole, "cut at {at}");
        }
    }
}

#[test]
fn a_byte_order_mark_wins_over_every_label_of_utf_16_and_utf_32() {
    let text = "A gate \u{2014} \u{6C34}\u{9580}.\n";
    let labels = [
        "auto", "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "UTF-32BE",
    ];
    for charset in WIDE.into_iter().chain([Charset::UTF_8]) {
        let encoded = encode(charset, text).unwrap();
        let source = [charset.byte_order_mark(), &encoded].concat();
        for label in labels {
            let decoding = match label {
                "auto" => AUTO,
                label => declared(label),
            };
            for piece_bytes in [1, 3, source.len()] {
                let found = decoded(decoding, &source, piece_bytes);
                let expected = (text.to_owned(), charset.name());
                assert_eq!(found, Ok(expected), "declared {label}");
                let keep = Decoding {
                    byte_order_mark: ByteOrderMark::Keep,
                    ..decoding
                };
                let (kept, name) = decoded(keep, &source, piece_bytes).unwrap();
                assert_eq!((kept, name), (format!("\u{FEFF}{text}"), charset.name()));
            }
        }
    }
    // Without a mark the label counts.
    for charset in WIDE {
        let source = encode(charset, text).unwrap();
        let found = decoded(declared(charset.name()), &source, 5);
        assert_eq!(found, Ok((text.to_owned(), charset.name())));
    }
}

#[test]
fn utf_16_and_utf_32_without_a_mark_are_recognised_in_every_script() {
    for document in corpus() {
        for characters in [usize::MAX, 2_000, 300, 60] {
            let text = document.head(characters).text;
            for charset in WIDE {
                let source = encode(charset, &text).unwrap();
                let found = decoded(AUTO, &source, 700);
                let expected = Ok((text.clone(), charset.name()));
                let context = format!("{}, {characters} in {}", document.name, charset.name());
                assert!(found == expected, "{context}: {found:?}");
            }
        }
    }
}

/// A line of ideographs has no zeros in UTF-16.
#[test]
fn cjk_in_utf_16_without_ascii_is_recognised() {
    for name in ["han-chinese", "kana-japanese", "hangul-korean"] {
        let documents = corpus();
        let document = documents.iter().find(|document| document.name == name);
        let is_wide = |one: &char| *one >= '\u{3000}';
        let text = document.unwrap().text.chars().filter(is_wide);
        let text = text.collect::<String>();
        for characters in [2_000, 100, 40] {
            let text = text.chars().take(characters).collect::<String>();
            for charset in WIDE {
                let source = encode(charset, &text).unwrap();
                let (found, found_name) = decoded(AUTO, &source, 333).unwrap();
                let context = format!("{name}, {characters}: {found_name}");
                assert!(found == text && found_name == charset.name(), "{context}");
            }
        }
    }
}

/// What has NUL characters for other reasons is no UTF-16.
#[test]
fn a_nul_in_eight_bit_text_is_reported_as_a_nul() {
    let cases: [&[u8]; 6] = [
        b"a line\0and one more\n",
        b"a C string\0",
        b"one\0two\0six\0ten\0",
        "zwei Tore \u{F6}ffnen\0und schlie\u{DF}en".as_bytes(),
        "\u{6C34}\u{9580}\0\u{6C34}\u{9580}".as_bytes(),
        b"zwei Tore \xF6ffnen\0und schlie\xDFen, dann f\xE4llt das Wasser",
    ];
    for source in cases {
        let offset = source.iter().position(|byte| *byte == 0).unwrap();
        for decoding in [AUTO, declared("windows-1252")] {
            for piece_bytes in [1, 5, source.len()] {
                let found = decoded(decoding, source, piece_bytes).unwrap_err();
                let characters = Fault::Nul {
                    offset: offset as u64,
                    looks_like: None,
                };
                assert_eq!(found, characters, "{}", source.escape_ascii());
            }
        }
    }
}

#[test]
fn an_escape_sequence_names_its_charset_and_is_never_stored() {
    let cases: [(&[u8], &str); 7] = [
        (b"\x1B$B?eLg\x1B(B is a sluice", "ISO-2022-JP"),
        (b"\x1B$)C\n\x0E9.9.\x0F", "ISO-2022-KR"),
        (b"\x1B$)A\x0EKVCE\x0F", "ISO-2022-CN"),
        (b"\x1B(I?2\x1B(B", "ISO-2022-JP"),
        (b"~{K.CE~} is a sluice\n", "HZ"),
        (b"\x1B.A\x1BNi", "ISO-2022-JP-2"),
        (b" +MFMwkzBrMGEwbw- +Bx8-", "UTF-7"),
    ];
    for (escape, charset) in cases {
        for count in [0, 3, HEAD_BYTES - 1, HEAD_BYTES, 40_000] {
            let source = [ascii(count).as_bytes(), escape, ascii(300).as_bytes()].concat();
            for piece_bytes in [1, 2, 130, source.len()] {
                let found = decoded(AUTO, &source, piece_bytes).unwrap_err();
                let is_space = |byte: &&u8| **byte == b' ';
                let offset = (count + escape.iter().take_while(is_space).count()) as u64;
                assert_eq!(found, Fault::Escape { offset, charset }, "after {count}");
                assert!(found.to_string().contains(" -t UTF-8`"), "{found}");
            }
        }
    }
    // Terminals' escapes are text.
    let log = format!("\x1B[31mred\x1B[m \x1B(B {} ~{{x}}~ \x1B", ascii(3_000));
    check(log.as_bytes(), &log, Charset::UTF_8);
}

/// Law 5: the checkpoints are made while nothing but ASCII has come, and before and after the choice.
#[test]
fn stopped_while_undecided_and_resumed_the_rows_are_the_same() {
    let text = "Le caf\u{E9} de l'\u{E9}t\u{E9}, d\u{E9}j\u{E0} pass\u{E9}. ";
    let text = format!("{}{}", ascii(70_000), text.repeat(2_000));
    let latin = WINDOWS_1252.encode(&text).0;
    let latin_with_nul = [ascii(900).as_bytes(), b"\0", &latin[900..]].concat();
    let encoded: [(&[u8], &str); 3] = [
        (&latin, "windows-1252"),
        (text.as_bytes(), "UTF-8"),
        (&latin_with_nul, "windows-1252"),
    ];
    for (source, charset) in encoded {
        let spec = Spec::new(Request {
            max_size: Some(300),
            overlap: 60,
            ..Request::default()
        });
        let decoding = Decoding {
            nul: Policy::Replace,
            ..AUTO
        };
        let spec = spec.unwrap();
        let start = || Machine::new(&spec, decoding, BATCH_BYTES_MIN);
        let whole = ingest(&mut start(), source, source.len(), || false, usize::MAX);
        assert_eq!(whole.summary.unwrap().charset.name(), charset);
        let flushed = ingest(&mut start(), source, 3_001, || true, usize::MAX);
        assert!(flushed.rows == whole.rows && flushed.summary == whole.summary);
        let is_undecided = |choice| choice == Choice::Ascii;
        let checkpoints = flushed.checkpoints.iter();
        let undecided = checkpoints.filter(|one| is_undecided(one.place.choice));
        assert!(undecided.count() > 10, "chunks come out before the choice");
        for checkpoint in &flushed.checkpoints {
            let stored = checkpoint.encode();
            let stored = sluice::domain::ingest::checkpoint::Checkpoint::decode(&stored).unwrap();
            let committed = usize::try_from(stored.place.position.source).unwrap();
            let mut machine = Machine::resume(&spec, decoding, BATCH_BYTES_MIN, &stored).unwrap();
            let rest = &source[committed..];
            let rest = ingest(&mut machine, rest, 1_777, || false, usize::MAX);
            let before = usize::try_from(stored.next_ordinal).unwrap();
            assert!(rest.rows == whole.rows[before..], "from byte {committed}");
            assert_eq!(rest.summary, whole.summary, "from byte {committed}");
        }
    }
}

/// The choice where little text decides: a resume sees as much of it as the first run.
#[test]
fn one_word_decides_the_same_from_every_checkpoint() {
    let words: [&[u8]; 8] = [
        b"caf\xE9",
        b"\xC4rzte",
        b"gar\xE7on",
        b"se\xF1or",
        b"\xEF\xF0\xE8\xE2\xE5\xF2",
        b"\x93quoted\x94",
        b"\xB1\xE6",
        b"\x83Q\x81[\x83g",
    ];
    let request = Request {
        max_size: Some(8),
        ..Request::default()
    };
    let spec = Spec::new(request).unwrap();
    for word in words {
        let mut random = repeatable(word.len() as u64);
        let source = [ascii(1_500).as_bytes(), word, b" and no more."].concat();
        let start = || Machine::new(&spec, AUTO, BATCH_BYTES_MIN);
        let whole = ingest(&mut start(), &source, source.len(), || false, usize::MAX);
        let flushed = ingest(&mut start(), &source, 1, || true, usize::MAX);
        assert!(flushed.rows == whole.rows && flushed.summary == whole.summary);
        for checkpoint in &flushed.checkpoints {
            let committed = usize::try_from(checkpoint.place.position.source).unwrap();
            let mut machine = Machine::resume(&spec, AUTO, BATCH_BYTES_MIN, checkpoint).unwrap();
            let rest = &source[committed..];
            let rest = ingest(&mut machine, rest, 1 + random(90), || false, usize::MAX);
            let before = usize::try_from(checkpoint.next_ordinal).unwrap();
            assert!(rest.rows == whole.rows[before..], "from byte {committed}");
            assert_eq!(rest.summary, whole.summary, "from byte {committed}");
        }
    }
}

#[test]
fn a_source_in_utf_16_or_utf_32_declared_as_another_charset_is_named() {
    let text = "A sluice is a channel.\r\n".repeat(40);
    for charset in WIDE {
        let encoded = encode(charset, &text).unwrap();
        let marked = [charset.byte_order_mark(), &encoded].concat();
        for source in [encoded.as_ref(), &marked] {
            for label in ["utf-8", "shift_jis"] {
                for piece_bytes in [1, 3, 100, source.len()] {
                    let fault = decoded(declared(label), source, piece_bytes).unwrap_err();
                    assert_eq!(fault.looks_like(), Some(charset.name()), "{label}");
                    let hint = format!("the source looks like {}", charset.name());
                    assert!(fault.to_string().ends_with(&hint), "{fault}");
                }
            }
        }
    }
    // Nothing shows in what is simply wrong.
    let fault = decoded(declared("utf-8"), b"caf\xE9 au lait", 2).unwrap_err();
    assert_eq!(fault.looks_like(), None);
}

#[test]
fn utf_32_decodes_every_character_and_nothing_else() {
    let characters = (1..0x11_0000_u32).step_by(97).filter_map(char::from_u32);
    let text = characters.collect::<String>();
    for charset in [Charset::UTF_32LE, Charset::UTF_32BE] {
        let source = encode(charset, &text).unwrap();
        for piece_bytes in [1, 4, 1_001] {
            let found = decoded(declared(charset.name()), &source, piece_bytes);
            assert_eq!(found, Ok((text.clone(), charset.name())));
        }
        let unit = |number: u32| match charset {
            Charset::UTF_32LE => number.to_le_bytes(),
            _ => number.to_be_bytes(),
        };
        let good = unit(0x61);
        for bad in [0xD800, 0xDFFF, 0x11_0000, u32::MAX] {
            let source = [good, unit(bad), good].concat();
            let offset = 4;
            let fault = Fault::Invalid {
                offset,
                charset: charset.name(),
                is_detected: false,
                looks_like: None,
            };
            for piece_bytes in [1, 3, 12] {
                let strict = declared(charset.name());
                assert_eq!(decoded(strict, &source, piece_bytes), Err(fault));
                let replace = Decoding {
                    invalid: Policy::Replace,
                    ..strict
                };
                let (found, _) = decoded(replace, &source, piece_bytes).unwrap();
                assert_eq!(found, "a\u{FFFD}a");
            }
        }
        let cut_off = [good.as_slice(), &good[..3]].concat();
        let fault = decoded(declared(charset.name()), &cut_off, 2).unwrap_err();
        assert_eq!(fault.offset(), 4);
    }
}

/// Nothing that is decoded without a fault is chosen against the detector of browsers.
#[test]
fn short_texts_are_decoded_as_browsers_decode_them() {
    let cases: [(&[u8], &str); 4] = [
        (b"caf\xE9 au lait", "windows-1252"),
        (b"\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0", "windows-1251"),
        ("\u{6C34}\u{9580}".as_bytes(), "UTF-8"),
        (b"\x83Q\x81[\x83g\x82\xF0\x8AJ\x82\xAF\x82\xE9", "Shift_JIS"),
    ];
    for (source, charset) in cases {
        let encoding = Encoding::for_label(charset.as_bytes()).unwrap_or(UTF_8);
        let text = encoding.decode_without_bom_handling(source).0.into_owned();
        assert_eq!(decoded(AUTO, source, 2), Ok((text, charset)));
    }
}
