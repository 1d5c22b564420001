//! The names of files to import: hostile names are refused, honest ones are accepted unchanged.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use sluice::domain::names::path::PathName;

/// Names that some system resolves to something other than the file of exactly that name.
pub(crate) const HOSTILE: &[&str] = &[
    // Empty names, and names of no file.
    "",
    ".",
    "..",
    "/",
    "./",
    "../",
    "a/",
    "a//b",
    "a/./b",
    "a/.",
    "./a",
    "//",
    " ",
    // Parent directories.
    "../../../etc/passwd",
    "../../passwords.txt",
    "./../../etc/",
    "documents/../../../etc/passwd",
    "folder/../folder/../../windows/system32",
    "a/..",
    "a/../b",
    "...",
    "a/...",
    ".../b",
    "a/.. /b",
    "a/ ../b",
    // Absolute paths and home directories.
    "/etc/passwd",
    "/etc/shadow",
    "/root/",
    "//etc//passwd",
    "/proc/self/environ",
    "~",
    "~/x",
    "~root/x",
    "a/~/b",
    "\u{FF5E}/x",
    // Windows: drives, shares, backslashes, streams, devices.
    "C:\\Windows\\System32",
    "c:\\x",
    "D:\\",
    "C:/Windows",
    "C:x",
    "\\\\server\\share",
    "\\\\10.0.0.1\\share",
    "\\\\server\\c$\\x",
    "\\\\server/share",
    "//server/share",
    "\\Windows\\x",
    "..\\file",
    "a\\..\\b",
    "a\\b",
    "\\\\?\\C:\\x",
    "\\\\.\\COM1",
    "file.txt:stream",
    "file.txt::$DATA",
    "a:b/c",
    "a/b:c",
    "CON",
    "con",
    "nul",
    "NUL.txt",
    "aux.tar.gz",
    "a/PRN/b",
    "COM1",
    "com9.log",
    "LPT1",
    "lpt0",
    "COM\u{B9}",
    "LPT\u{B3}.txt",
    "NUL .txt",
    "CONIN$",
    "conout$",
    "CLOCK$",
    "\u{FF23}\u{FF2F}\u{FF2E}",
    "a\u{FF1A}b",
    "name.",
    "name ",
    "name. ",
    "name .",
    "a./b",
    "a /b",
    " a",
    "a\u{A0}",
    "a\u{3000}/b",
    // Percent encodings, one to eight levels deep, and mixed.
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%2E%2E%2F",
    "%2e%2e%5c",
    "..%2f..%2f",
    "%2e%2e/../..",
    "../%252e%252e/x",
    "%2e",
    "a%2fb",
    "%252e%252e%252fx",
    "%25252e%25252e%25252f",
    "%2525252e%2525252e/etc/passwd",
    "%252525252e%252525252e/x",
    "%25252525252e%25252525252e/x",
    "%2525252525252e%2525252525252e/x",
    "%252525252525252e%252525252525252e/x",
    "%25252525252525252e%25252525252525252e/x",
    "%25%32%65%25%32%65/x",
    "%%32%65%%32%65/x",
    "%%32e",
    "%2%65",
    "%u002e%u002e%u2215x",
    "%U002E",
    "\u{FF05}2e\u{FF05}2e/x",
    "%\u{FF12}\u{FF45}",
    "%\u{B2}e",
    "100%25",
    // NUL, raw and encoded; overlong UTF-8, encoded.
    "a\0b",
    "a\0",
    "\0\0",
    "a.txt\0.png",
    "%00",
    "a%00.txt",
    "%2500",
    "%c0%ae%c0%ae/x",
    "%C0%AF",
    "%e0%80%ae",
    "%f0%80%80%ae",
    "%c1%9c",
    "%fc%80%80%80%80%ae",
    // Characters that look like a dot, a slash or a backslash.
    "\u{FF0E}\u{FF0E}\u{FF0F}x",
    "\u{FF0E}\u{FF0E}/x",
    "..\u{FF0F}x",
    "..\u{FF3C}x",
    "a\u{FF0E}b",
    "\u{2024}\u{2024}/x",
    "\u{2025}/x",
    "\u{2026}",
    "a\u{FE52}b",
    "\u{FE19}",
    "\u{FE30}/x",
    "..\u{2215}x",
    "..\u{2044}x",
    "..\u{29F5}x",
    "..\u{29F8}x",
    "..\u{2216}x",
    "..\u{FE68}x",
    "a\u{3002}b",
    "a\u{FF61}b",
    "a\u{FE12}b",
    "a\u{2571}b",
    "a\u{2572}b",
    "a\u{27CB}b",
    "a\u{27CD}b",
    "a\u{29F9}b",
    "a\u{0338}b",
    "\u{2100}",
    "\u{2105}",
    "\u{2488}",
    "a\u{0701}b",
    "\u{1D16D}",
    "\u{10A50}",
    // Parameters in segments.
    "a/..;/b",
    "a;x=y/b",
    "..;",
    "a;",
    "a\u{37E}b",
    "a\u{FF1B}b",
    "&#46;&#46;/",
    // Invisible characters and line ends.
    "a\u{202E}txt.exe",
    "a\u{202A}",
    "\u{2066}a",
    "a\u{2069}",
    "a\u{200E}",
    "\u{200F}a",
    "\u{61C}a",
    "\u{FEFF}a",
    "a\u{FEFF}b",
    ".\u{200B}./x",
    "a\u{200D}b",
    "a\u{200C}b",
    "a\u{2060}b",
    "a\u{AD}b",
    "a\u{180E}b",
    "a\u{3164}b",
    "a\u{FE0F}",
    "a\u{E0041}b",
    "a\u{34F}b",
    "a\nb",
    "a\r\nb",
    "a\r",
    "a\tb",
    "\u{1b}[31m",
    "a\u{7F}b",
    "a\u{85}b",
    "a\u{9B}b",
    "a\u{2028}b",
    "a\u{2029}b",
    "\u{FFFD}\u{FFFD}/x",
    // Names that are not in NFC: each is another name of a file that has one.
    "e\u{301}.txt",
    "\u{212B}.txt",
    "\u{1100}\u{1161}.txt",
];

const HONEST: &[&str] = &[
    "a",
    "report.txt",
    "2024/reports/final.txt",
    "a/b/c/d/e/f/g.md",
    "archive.2024.01.02/notes...v2.txt",
    "folder.with.dots/file",
    ".hidden/.config",
    "..data/a..b",
    "user@email.com/inbox/mail 1.eml",
    "My Documents/letter (final) [v2] {draft}.txt",
    "-dash - and_underscore+plus,comma=equals!.txt",
    "it's #1 & more $5.txt",
    "backup~/file.txt~",
    "a~1.txt",
    "100%/50% off/5% up.txt",
    "console.log/contents/null.txt/com.txt/com10.txt/auxiliary",
    "*?\"<>|.txt",
    "\u{E9}t\u{E9}/\u{C5}ngstr\u{F6}m.txt",
    "\u{434}\u{43E}\u{43A}\u{443}\u{43C}\u{435}\u{43D}\u{442}\u{44B}/\u{43E}\u{442}\u{447}\u{451}\u{442}.txt",
    "\u{6587}\u{4EF6}/\u{62A5}\u{544A}\u{FF08}\u{6700}\u{7EC8}\u{FF09}.txt",
    "\u{30D5}\u{30A1}\u{30A4}\u{30EB}/\u{FF76}\u{FF85}.txt",
    "\u{D55C}\u{AE00}.txt",
    "\u{645}\u{644}\u{641}/\u{5E7}\u{5D5}\u{5D1}\u{5E5}.txt",
    "\u{939}\u{93F}\u{928}\u{94D}\u{926}\u{940}/\u{E44}\u{E17}\u{E22}.txt",
    "1\u{BD} cups \u{2013} \u{201C}Grandma\u{2019}s\u{201D}.txt",
    "col\u{B7}lecci\u{F3}.txt",
    "\u{1F600}/\u{1F4C4}.txt",
    "a\u{3000}b\u{A0}c",
];

#[test]
fn a_hostile_name_is_refused_and_not_echoed() {
    for name in HOSTILE {
        let refused = PathName::parse(name);
        let told = refused.expect_err(name).to_string();
        assert_eq!(told, "must be a relative path of plain names parted by /");
    }
    let long = [
        "a".repeat(256),
        "a/".repeat(32) + "a",
        "abc/".repeat(256) + "a",
    ];
    let deep = ["\u{6587}".repeat(86), "x".repeat(10_000)];
    for name in long.iter().chain(&deep) {
        assert!(PathName::parse(name).is_err(), "{} bytes", name.len());
    }
}

#[test]
fn an_honest_name_is_accepted_unchanged() {
    let longest = vec!["a".repeat(31); 32].join("/");
    let wide = ["b".repeat(255), "\u{6587}".repeat(85), longest];
    for name in HONEST
        .iter()
        .copied()
        .chain(wide.iter().map(String::as_str))
    {
        let parsed = PathName::parse(name).expect(name);
        assert_eq!(parsed.as_str(), name);
        assert!(parsed.segments().eq(name.split('/')), "{name}");
        assert_eq!(
            format!("{parsed:?}"),
            "PathName(_)",
            "the name is not logged"
        );
    }
}

/// A check takes far less than a millisecond for any name. The bound allows for busy machines.
#[test]
fn a_check_takes_little_time_for_any_name() {
    let marks = [
        "\u{301}",
        "\u{323}",
        "\u{FDFA}",
        "\u{1D160}",
        "%2",
        "a/",
        "\u{FF05}",
        ".",
        "\u{1100}",
    ];
    let names = marks.map(|mark| format!("a{}", mark.repeat(1_023 / mark.len())));
    let begun = Instant::now();
    for name in names.iter().cycle().take(1_000) {
        let _either = PathName::parse(name);
    }
    let taken = begun.elapsed();
    assert!(taken < Duration::from_secs(1), "{taken:?} for 1,000 names");
}

/// Disguises a character of a path traversal, then percent-encodes it `folds` times.
fn disguised(character: char, form: u8, folds: u8, upper: bool) -> String {
    let looks: &[&str] = match character {
        '.' => &[
            ".",
            "\u{FF0E}",
            "\u{2024}",
            "\u{FE52}",
            "%c0%ae",
            "%e0%80%ae",
            "%u002e",
            "%\u{FF12}e",
        ],
        _ => &[
            "/",
            "\\",
            "\u{FF0F}",
            "\u{2215}",
            "\u{FF3C}",
            "%c0%af",
            "%u2215",
            "\u{FF05}2f",
        ],
    };
    let mut text = looks[usize::from(form) % looks.len()].to_owned();
    for fold in 0..folds {
        text = text
            .bytes()
            .map(|byte| {
                // Some forms also keep the digits of an encoding, instead of encoding them again.
                let is_kept = fold > 0 && byte.is_ascii_alphanumeric() && form.is_multiple_of(2);
                match (is_kept, upper) {
                    (true, _) => char::from(byte).to_string(),
                    (false, true) => format!("%{byte:02X}"),
                    (false, false) => format!("%{byte:02x}"),
                }
            })
            .collect();
    }
    text
}

proptest! {
    #[test]
    fn no_disguised_traversal_is_accepted(
        before in prop::sample::select(vec!["", "a/", "a/b/", "\u{6587}/", "a%/"]),
        forms in prop::collection::vec((any::<u8>(), 0_u8..4, any::<bool>()), 3),
        after in prop::sample::select(vec!["", "etc/passwd", "a", "../a"]),
    ) {
        let characters = ['.', '.', '/'].into_iter().zip(forms);
        let way = characters.map(|(character, (form, folds, upper))| disguised(character, form, folds, upper));
        let name = format!("{before}{}{after}", way.collect::<String>());
        prop_assert!(PathName::parse(&name).is_err(), "{name:?}");
    }

    #[test]
    fn an_accepted_name_stays_below_the_root_and_is_unchanged(
        name in prop_oneof![
            "[a-c./\\\\%25eE~:; \u{FF0E}\u{2215}\u{301}-]{0,24}",
            any::<String>(),
            "[a-z]{1,8}(/[a-z .@()]{1,8}){0,4}",
        ],
    ) {
        if let Ok(parsed) = PathName::parse(&name) {
            prop_assert_eq!(parsed.as_str(), &name);
            prop_assert_eq!(PathName::parse(parsed.as_str()), Ok(parsed.clone()));
            let path = std::path::Path::new(parsed.as_str());
            let is_plain = |part| matches!(part, std::path::Component::Normal(_));
            prop_assert!(path.components().all(is_plain), "{:?}", name);
            prop_assert!(path.components().count() == parsed.segments().count());
        }
    }
}
