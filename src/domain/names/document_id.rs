//! Derives the id of a document from the path of its file.
//!
//! Two paths have two ids. Letters, marks and digits of any script are kept, and so are `-`, `_` and `.`. Every
//! other byte, including `~` and `/`, becomes `~hh`, because proxies would decode `%hh`. If the id of a path would
//! be too long for a document, it consists of a prefix, `~~`, and 128 bits of the path's SHA-256.

use unicode_normalization::is_nfc;

use crate::domain::ingest::digest::{hex, sha256};
use crate::domain::names::resource::{self, DOCUMENT_BYTES_MAX, DocumentId};

/// Precedes the digest of a long path. A short id never contains it, because a digit follows each of its `~`.
const DIGEST_MARK: &str = "~~";
/// The bytes of the digest that are kept: a collision of 128 bits is negligible.
const DIGEST_BYTES: usize = 16;
/// The bytes of a long path's id that are kept before the mark and the digest.
const PREFIX_BYTES_MAX: usize = DOCUMENT_BYTES_MAX - DIGEST_MARK.len() - 2 * DIGEST_BYTES;

/// Normalizes a path: removes `.`, empty segments, and segments followed by `..`. Links are not resolved. A `..`
/// above the start of a relative path is kept, and so is the `/` at the start of an absolute path.
#[must_use]
pub fn normalized(path: &[u8]) -> Vec<u8> {
    let is_absolute = path.starts_with(b"/");
    let mut segments = Vec::<&[u8]>::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => match segments.last() {
                Some(last) if *last != b".." => drop(segments.pop()),
                None if is_absolute => {}
                None | Some(_) => segments.push(segment),
            },
            segment => segments.push(segment),
        }
    }
    let relative = segments.join(&b'/');
    if is_absolute {
        [b"/", relative.as_slice()].concat()
    } else {
        relative
    }
}

/// Returns the id for a path of arbitrary bytes.
///
/// # Errors
///
/// Fails if the path is empty, `.` or `..`, because it names no file.
pub fn of_path(path: &[u8]) -> Result<DocumentId, resource::Error> {
    let mut id = Id::default();
    for part in path.utf8_chunks() {
        for character in part.valid().chars() {
            id.push(character);
        }
        for byte in part.invalid() {
            id.escape(&[*byte]);
        }
        if id.text.len() > DOCUMENT_BYTES_MAX {
            id.text.truncate(id.prefix_bytes);
            id.text += DIGEST_MARK;
            id.text += &hex(&sha256(path)[..DIGEST_BYTES]);
            break;
        }
    }
    DocumentId::parse(&id.text)
}

/// An id that is being built.
#[derive(Default)]
struct Id {
    text: String,
    /// The start of the last run of non-ASCII characters, including the character before it.
    run: usize,
    /// The length of the longest prefix that a long id may keep, cut between two characters of the path.
    prefix_bytes: usize,
}

impl Id {
    /// Keeps a character, or escapes its bytes. The kept text must stay in NFC: a letter and a mark that compose to
    /// one character are another path than that character.
    fn push(&mut self, character: char) {
        let before = self.text.len();
        if character.is_ascii() {
            self.run = before;
        }
        self.text.push(character);
        let is_kept = character != '~'
            && DocumentId::allows(character)
            && (character.is_ascii() || is_nfc(&self.text[self.run..]));
        if is_kept {
            self.note_prefix();
        } else {
            self.text.truncate(before);
            self.escape(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    fn escape(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.text.push('~');
            self.text += &hex(&[*byte]);
        }
        self.run = self.text.len() - 1;
        self.note_prefix();
    }

    fn note_prefix(&mut self) {
        if self.text.len() <= PREFIX_BYTES_MAX {
            self.prefix_bytes = self.text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{
        ProptestConfig, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
    };
    use proptest::strategy::{Just, Strategy};

    use super::{DIGEST_MARK, normalized, of_path};
    use crate::domain::ingest::digest::{hex, sha256};
    use crate::domain::names::resource::{DOCUMENT_BYTES_MAX, DocumentId};

    fn id(path: impl AsRef<[u8]>) -> String {
        of_path(path.as_ref()).unwrap().as_str().to_owned()
    }

    /// Returns the path of a short id.
    fn path_of(id: &str) -> Vec<u8> {
        let mut path = Vec::new();
        let mut rest = id.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            if *first == b'~' {
                let digits = str::from_utf8(&after[..2]).unwrap();
                path.push(u8::from_str_radix(digits, 16).unwrap());
                rest = &after[2..];
            } else {
                path.push(*first);
                rest = after;
            }
        }
        path
    }

    #[test]
    fn letters_stay_and_other_bytes_are_written_in_hexadecimal() {
        let cases: [(&[u8], &str); 14] = [
            (b"a/readme.md", "a~2freadme.md"),
            (b"/srv/a", "~2fsrv~2fa"),
            (b"a b.txt", "a~20b.txt"),
            (b"a~b%c", "a~7eb~25c"),
            (b"x.txt.gz", "x.txt.gz"),
            (
                "\u{65E5}\u{672C}\u{8A9E}.txt".as_bytes(),
                "\u{65E5}\u{672C}\u{8A9E}.txt",
            ),
            (
                "\u{915}\u{94D}\u{937}\u{967}\u{BD}".as_bytes(),
                "\u{915}\u{94D}\u{937}\u{967}\u{BD}",
            ),
            ("\u{E9}".as_bytes(), "\u{E9}"),
            // The same letter as two characters, and others that NFC would change.
            ("e\u{301}".as_bytes(), "e~cc~81"),
            ("\u{212B}".as_bytes(), "~e2~84~ab"),
            // An escape ends with a letter that a mark may follow.
            (
                "\u{2061}\u{338}\u{200A}\u{301}".as_bytes(),
                "~e2~81~a1\u{338}~e2~80~8a~cc~81",
            ),
            ("\u{1F600}".as_bytes(), "~f0~9f~98~80"),
            ("a\u{FE0F}".as_bytes(), "a~ef~b8~8f"),
            (b"caf\xE9", "caf~e9"),
        ];
        for (path, expected) in cases {
            assert_eq!(id(path), expected, "{path:?}");
        }
        for nothing in ["", ".", ".."] {
            assert!(of_path(nothing.as_bytes()).is_err(), "{nothing:?}");
        }
    }

    #[test]
    fn a_long_path_keeps_its_beginning_and_a_digest() {
        let longest = "a".repeat(DOCUMENT_BYTES_MAX);
        assert_eq!(id(&longest), longest);
        for (letter, kept) in [
            ("a", 221),
            ("\u{6C34}", 219),
            (" ", 219),
            ("\u{1F600}", 216),
        ] {
            let path = letter.repeat(300);
            let id = id(&path);
            let (prefix, digest) = id.split_at(kept);
            assert_eq!(
                path_of(prefix),
                letter
                    .repeat(path_of(prefix).len() / letter.len())
                    .as_bytes()
            );
            assert_eq!(
                digest,
                format!("~~{}", &hex(&sha256(path.as_bytes()))[..32])
            );
        }
    }

    #[test]
    fn a_path_is_normalized_by_its_text_alone() {
        let cases = [
            ("./a/../b", "b"),
            ("a//b/./c", "a/b/c"),
            ("../a", "../a"),
            ("../../a/..", "../.."),
            ("a/../../b", "../b"),
            ("/a/b", "/a/b"),
            ("//a/../../b", "/b"),
            (".", ""),
            ("a/..", ""),
        ];
        for (path, expected) in cases {
            let normal = normalized(path.as_bytes());
            assert_eq!(str::from_utf8(&normal), Ok(expected), "{path}");
        }
    }

    /// Generates paths of letters, composing marks, jamo, escapes, invalid bytes, and long paths.
    fn path() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => "[a-f~%/ ._]{1,3}".prop_map(String::into_bytes),
            2 => "\\PC".prop_map(String::into_bytes),
            2 => prop_oneof![
                Just("\u{301}"), Just("\u{316}"), Just("\u{338}"), Just("\u{1100}"), Just("\u{1161}"),
                Just("\u{11A8}"), Just("\u{9C7}"), Just("\u{9BE}"), Just("\u{E9}"), Just("\u{200A}"),
            ].prop_map(|text| text.as_bytes().to_vec()),
            1 => vec(any::<u8>(), 1..3),
        ];
        prop_oneof![9 => vec(piece.clone(), 1..12), 1 => vec(piece, 60..200)]
            .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn every_path_has_a_valid_id_that_leads_back_to_it(path in path()) {
            if matches!(path.as_slice(), b"." | b"..") {
                return Ok(());
            }
            let id = of_path(&path).unwrap();
            prop_assert_eq!(DocumentId::parse(id.as_str()), Ok(id.clone()));
            match id.as_str().split_once(DIGEST_MARK) {
                None => prop_assert_eq!(path_of(id.as_str()), path),
                Some((prefix, digest)) => {
                    prop_assert!(path.starts_with(&path_of(prefix)));
                    prop_assert_eq!(digest, &hex(&sha256(&path))[..32]);
                    prop_assert!(prefix.len() + 12 > 221);
                }
            }
        }
    }
}
