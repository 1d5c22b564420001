//! Random documents: text of 18 scripts, code, emoji, base64 and noise.

use std::sync::LazyLock;

use crate::world::documents::{corpus, repeatable};

static CORPUS: LazyLock<Vec<String>> =
    LazyLock::new(|| corpus().into_iter().map(|document| document.text).collect());

const CODE: &str = "fn main() {\n    let total: u64 = (0..10).map(|n| n * n).sum();\n    println!(\"{total}\");\n}\n\n\
                    for (int i = 0; i < n; ++i) { a[i] += b[i]; }\nSELECT id, name FROM users WHERE age >= 18;\n";
const EMOJI: &str = "\u{1F600}\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} \u{1F1E9}\u{1F1EA}\u{2764}\u{FE0F} \u{1F44D}\u{1F3FD}";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SPACES: [&str; 8] = [
    " ", "  ", "\n", "\n\n", "\t", "\u{3000}", "\u{A0}", "\u{200B}",
];
/// The longest part of a document, in characters.
const PART_CHARACTERS: usize = 160;

/// Returns the document of that number: up to five parts of any kind.
pub(super) fn document(number: u64) -> String {
    let mut random = repeatable(number);
    let mut text = String::new();
    for _ in 0..=random(5) {
        let length = 1 + random(PART_CHARACTERS);
        match random(8) {
            0 => text.extend(part(CODE, length, &mut random)),
            1 => text.extend(EMOJI.chars().cycle().take(length / 4)),
            2 => text.extend((0..length).map(|_| char::from(BASE64[random(BASE64.len())]))),
            3 => text.extend((0..length).map(|_| noise(&mut random))),
            4 => (0..length / 4).for_each(|_| text.push_str(SPACES[random(SPACES.len())])),
            _ => {
                let script = &CORPUS[random(CORPUS.len())];
                text.extend(part(script, length, &mut random));
            }
        }
    }
    text
}

/// Returns `length` characters of a text, from a random place on.
fn part(text: &str, length: usize, random: &mut impl FnMut(usize) -> usize) -> Vec<char> {
    let start = text.floor_char_boundary(random(text.len()));
    text[start..].chars().take(length).collect()
}

/// Returns any character but NUL, half of them from the Basic Latin block.
fn noise(random: &mut impl FnMut(usize) -> usize) -> char {
    let most = [0x7F, 0x10_FFFF][random(2)];
    let number = u32::try_from(1 + random(most)).unwrap_or(1);
    char::from_u32(number).unwrap_or('\u{FFFD}')
}
