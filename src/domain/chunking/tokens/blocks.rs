//! Divides text into blocks, whose tokens are counted once.
//!
//! A block ends where a hash of the characters around a place says so. Two views of the same text therefore have the same
//! blocks soon after the later one's start (content-defined chunking; Muthitacharoen et al., LBFS, SOSP 2001).

use crate::domain::chunking::tokens::split_rule::{self, PUNCTUATION_STARTS, PlaceKind};

/// The least bytes of a block, unless the text ends. They bound the number of blocks.
pub const BLOCK_BYTES_MIN: usize = 64;
/// The most bytes of a block. Text without places is divided after as many.
const BLOCK_BYTES_MAX: usize = 512;
/// The spaces of which one ends a block: about 150 bytes of English. Smaller blocks cost more calls, larger ones more
/// counts at both ends of a chunk.
const SPACES_PER_BLOCK: u64 = 16;
/// The full-width marks of which one ends a block. A mark comes about every 40 bytes.
const MARKS_PER_BLOCK: u64 = 2;
/// The bytes on each side of a place that its hash covers.
const SIDE_BYTES: usize = 4;

/// The end of a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BlockEnd {
    /// The byte of the text.
    pub at: usize,
    /// The kind of the place. `None` means the end of the text, or an arbitrary place.
    pub(super) kind: Option<PlaceKind>,
}

/// Returns the end of the block that begins at `start`, which must be before the end of the text.
#[must_use]
pub fn end_of_block(text: &str, start: usize) -> BlockEnd {
    let most = text.floor_char_boundary(start + BLOCK_BYTES_MAX);
    let mut last = None;
    for (at, kind) in places(text, start, most) {
        let end = BlockEnd {
            at,
            kind: Some(kind),
        };
        if at >= start + BLOCK_BYTES_MIN && ends_block(text.as_bytes(), at, kind) {
            return end;
        }
        last = Some(end);
    }
    let arbitrary = BlockEnd {
        at: most,
        kind: None,
    };
    if most == text.len() {
        return arbitrary;
    }
    last.unwrap_or(arbitrary)
}

/// Returns the places after `start` and before `most` where a block may end.
pub(super) fn places(
    text: &str,
    start: usize,
    most: usize,
) -> impl Iterator<Item = (usize, PlaceKind)> {
    let [first, second] = PUNCTUATION_STARTS;
    let bytes = &text.as_bytes()[start..most];
    let starts = memchr::memchr3_iter(b' ', first, second, bytes).map(move |at| start + at);
    let later = starts.skip_while(move |at| *at == start);
    later.filter_map(|at| Some((at, split_rule::place_at(text, at)?)))
}

fn ends_block(bytes: &[u8], at: usize, kind: PlaceKind) -> bool {
    let Some(around) = bytes.get(at - SIDE_BYTES..at + SIDE_BYTES) else {
        return false;
    };
    let around = around.try_into().map_or(0, u64::from_le_bytes);
    // The fractional part of the golden ratio, as Knuth's multiplicative hash takes it (TAOCP 3, section 6.4).
    let hash = around.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let each = match kind {
        PlaceKind::Space => SPACES_PER_BLOCK,
        PlaceKind::Punctuation => MARKS_PER_BLOCK,
    };
    hash.is_multiple_of(each)
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_BYTES_MAX, BLOCK_BYTES_MIN, end_of_block};

    fn ends(text: &str, start: usize) -> Vec<usize> {
        let mut ends = vec![start];
        while ends[ends.len() - 1] < text.len() {
            ends.push(end_of_block(text, ends[ends.len() - 1]).at);
        }
        ends.split_off(1)
    }

    #[test]
    fn views_of_the_same_text_soon_have_the_same_blocks() {
        let words = (0..4_000).map(|n| format!("word{} ", n * n % 1_009));
        let text = words.collect::<String>();
        let all = ends(&text, 0);
        let sizes = all.windows(2).map(|pair| pair[1] - pair[0]);
        assert!({ sizes }.all(|size| (BLOCK_BYTES_MIN..=BLOCK_BYTES_MAX).contains(&size)));
        for start in [1, 777, 5_003] {
            let later = ends(&text, start);
            let same = later.iter().filter(|end| all.contains(end)).count();
            assert!(same + 12 > later.len(), "{same} of {}", later.len());
        }
    }

    #[test]
    fn text_without_places_is_divided_too() {
        let text = "\u{E01}".repeat(1_000);
        assert!(ends(&text, 0).iter().all(|end| text.is_char_boundary(*end)));
        assert_eq!(ends(&text, 0).len(), 6);
        assert_eq!(ends("a b", 0), [3]);
    }
}
