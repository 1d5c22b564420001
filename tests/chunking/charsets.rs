//! Detection of the charset of a source that declares none, and labels that are refused.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use sluice::domain::text::encoding::charset::{Charset, Unsupported};
use sluice::domain::text::encoding::decoding::{Decoding, Fault, Policy};
use sluice::domain::text::encoding::detection::undecided::{DECIDING_BYTES, HEAD_BYTES};

use crate::world::charset::{AUTO, ascii, declared, decoded};
use crate::world::documents::corpus;

#[track_caller]
fn check(source: &[u8], text: &str, charset: Charset) {
    for piece_bytes in [source.len(), 1_000, 7] {
        let found = decoded(AUTO, source, piece_bytes);
        let (found, name) = found.unwrap();
        assert_eq!(name, charset.name(), "in pieces of {piece_bytes}");
        assert!(found == text, "in pieces of {piece_bytes}: {found}");
    }
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

/// The first bytes outside ASCII decide, wherever they are.
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

/// A source with NUL characters for other reasons is not UTF-16.
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
    // The escape sequences of terminals are text.
    let log = format!("\x1B[31mred\x1B[m \x1B(B {} ~{{x}}~ \x1B", ascii(3_000));
    check(log.as_bytes(), &log, Charset::UTF_8);
}

/// A short text that decodes without a fault gets the charset that the detector of browsers chooses.
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

#[test]
fn unknown_and_stateful_charsets_are_refused() {
    for label in ["", "utf-9", "ebcdic", "utf-7"] {
        let refused = Charset::from_label(label).unwrap_err();
        let label = label.to_owned();
        assert_eq!(refused, Unsupported::Unknown { label });
    }
    for (label, remedy) in [
        ("iso-2022-jp", "iconv -f iso-2022-jp -t UTF-8"),
        ("ISO-2022-JP-2", "iconv -f ISO-2022-JP-2 -t UTF-8"),
        ("iso-2022-kr", "iconv -f iso-2022-kr -t UTF-8"),
        ("iso-2022-cn", "iconv -f iso-2022-cn -t UTF-8"),
        ("hz-gb-2312", "uconv -f hz-gb-2312 -t UTF-8"),
    ] {
        let refused = Charset::from_label(label).unwrap_err();
        assert!(refused.to_string().contains(remedy), "{refused}");
    }
}
