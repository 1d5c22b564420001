//! UTF-16 and UTF-32: by a byte order mark, without one, and declared as another charset.

use sluice::domain::text::encoding::charset::Charset;
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Fault, Policy};
use sluice::domain::text::encoding::encoder::encode;

use crate::world::charset::{AUTO, declared, decoded};
use crate::world::documents::corpus;

const WIDE: [Charset; 4] = [
    Charset::UTF_16LE,
    Charset::UTF_16BE,
    Charset::UTF_32LE,
    Charset::UTF_32BE,
];

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
    // Without a mark, the label decides.
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
    // A source that is simply invalid looks like no other charset.
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
