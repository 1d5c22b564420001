//! Charsets on the command line: the chosen one is named, and the remedy fits the fault.

use serde_json::Value;

use crate::world::{Folder, sluice};

const TEXT: &str = "A sluice is a channel whose flow a gate controls.\r\nMillers cut them.\r\n";

fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// Returns the text of all chunks, and the standard error.
#[track_caller]
fn chunk(arguments: &[&str], source: &[u8]) -> (String, String) {
    let output = sluice(&[&["chunk"], arguments].concat(), source);
    let errors = String::from_utf8(output.stderr).unwrap();
    let text = str::from_utf8(&output.stdout).unwrap();
    let rows = text.lines().map(|line| {
        let row = serde_json::from_str::<Value>(line).unwrap();
        row["text"].as_str().unwrap().to_owned()
    });
    (rows.collect(), errors)
}

#[test]
fn the_charset_that_was_chosen_is_named() {
    let cases: [(&str, Vec<u8>, &str); 6] = [
        ("auto", b"caf\xE9 au lait".to_vec(), "windows-1252"),
        ("auto", "caf\u{E9}".into(), "UTF-8"),
        ("auto", b"only ASCII".to_vec(), "UTF-8"),
        ("auto", utf_16(TEXT, u16::to_be_bytes), "UTF-16BE"),
        (
            "auto",
            TEXT.chars()
                .flat_map(|c| u32::from(c).to_le_bytes())
                .collect(),
            "UTF-32LE",
        ),
        (
            "utf-16le",
            utf_16("\u{FEFF}by its mark", u16::to_be_bytes),
            "UTF-16BE",
        ),
    ];
    for (label, source, charset) in cases {
        let (text, errors) = chunk(&["--charset", label], &source);
        assert!(!text.is_empty(), "{errors}");
        assert_eq!(errors, format!("sluice: -: charset {charset}\n"));
    }
    let (_, errors) = chunk(&[], b"only ASCII");
    assert_eq!(errors, "", "a declared charset is not reported");
}

/// The remedy in the message works.
#[test]
fn utf_16_and_utf_32_are_named_where_another_charset_was_declared() {
    for (source, label) in [
        (utf_16(TEXT, u16::to_le_bytes), "utf-16le"),
        (utf_16(TEXT, u16::to_be_bytes), "utf-16be"),
        (
            TEXT.chars()
                .flat_map(|c| u32::from(c).to_be_bytes())
                .collect(),
            "utf-32be",
        ),
    ] {
        let (text, errors) = chunk(&[], &source);
        assert_eq!(text, "");
        let remedy = format!("give `--charset {label}` or `--charset auto`");
        assert!(errors.contains(&remedy), "{errors}");
        assert!(!errors.contains("--nul"), "{errors}");
        for charset in [label, "auto"] {
            assert_eq!(chunk(&["--charset", charset], &source).0, TEXT);
        }
    }
}

#[test]
fn advice_fits_the_case() {
    check(
        &[],
        b"caf\xE9",
        &["--charset auto", "--invalid replace"],
        "--nul",
    );
    check(
        &["--charset", "auto"],
        b"h\xC3\xA9, \xC3\xA9t\xC3\xA9 \xFF",
        &[
            "byte 11 begins no character of UTF-8, which was detected",
            "--invalid replace",
        ],
        "--charset auto",
    );
    check(
        &["--charset", "auto"],
        b"one line\0",
        &["byte 8 is a NUL", "--nul replace"],
        "--charset",
    );
    check(
        &["--charset", "auto"],
        b"one \x1B$B?eLg\x1B(B two",
        &[
            "byte 4",
            "ISO-2022-JP",
            "`iconv -f ISO-2022-JP -t UTF-8`",
            "--charset utf-8",
        ],
        "--nul",
    );
    check(
        &["--charset", "iso-2022-jp"],
        b"",
        &["`iconv -f iso-2022-jp -t UTF-8`"],
        "--invalid",
    );
}

#[track_caller]
fn check(arguments: &[&str], source: &[u8], expected: &[&str], unexpected: &str) {
    let (text, errors) = chunk(arguments, source);
    assert_eq!(text, "", "{arguments:?}");
    for expected in expected {
        assert!(errors.contains(expected), "{errors}");
    }
    assert!(!errors.contains(unexpected), "{errors}");
}

#[test]
fn a_first_accent_far_in_a_file_is_decoded() {
    let folder = Folder::new();
    let ascii = "A line of plain ASCII text.\n".repeat(5_000);
    let latin = [ascii.as_bytes(), b"caf\xE9\n"].concat();
    let path = folder.file("latin.txt", &latin);
    let (text, errors) = chunk(&["--charset", "auto", &path], b"");
    assert!(text == format!("{ascii}caf\u{E9}\n"), "{errors}");
    assert!(
        errors.ends_with("latin.txt: charset windows-1252\n"),
        "{errors}"
    );
}
