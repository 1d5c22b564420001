//! Any text as a path name: an accepted name leads below the root, however often it is decoded.

use std::path::{Component, Path};

use sluice::domain::names::path::PathName;

/// Checks a text as a path name.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(name) = PathName::parse(text) else {
        return;
    };
    assert_eq!(name.as_str(), text, "the name is not repaired");
    assert_eq!(name.segments().collect::<Vec<_>>().join("/"), text);
    assert_eq!(format!("{name:?}"), "PathName(_)", "names are not logged");
    stays_below(text.as_bytes());
    // A later reader may decode percent encodings repeatedly.
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..8 {
        bytes = percent_decoded(&bytes);
        stays_below(&bytes);
    }
}

/// Asserts that every component is a plain name, on this system and on others.
fn stays_below(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut components = Path::new(text.as_ref()).components();
    assert!(components.all(|one| matches!(one, Component::Normal(_))));
    for segment in text.split(['/', '\\']) {
        assert!(!matches!(segment, "" | "." | ".."));
        assert!(!segment.contains(':') && !segment.starts_with('~'));
    }
    assert!(!text.contains(char::is_control));
}

fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let (mut decoded, mut rest) = (Vec::new(), bytes);
    while let Some((&first, others)) = rest.split_first() {
        let digits = others
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok());
        let value = digits
            .filter(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        let (byte, after) = match value {
            Some(value) if first == b'%' => (value, &others[2..]),
            Some(_) | None => (first, others),
        };
        decoded.push(byte);
        rest = after;
    }
    decoded
}
