//! Finds the starts of characters in a few bytes of UTF-8.
//!
//! All bytes are computed at once and without a branch. No processor can predict the lengths of characters in a text of
//! several scripts.

/// The bytes of a block.
pub const BLOCK_BYTES: usize = size_of::<u64>();

/// The lowest bit of each byte. A product with this number adds the lower bytes to each byte.
const LOW: u64 = u64::MAX / 0xFF;
/// The highest bit of each byte.
const HIGH: u64 = LOW << 7;

/// The starts of characters in a block.
#[derive(Clone, Copy, Debug)]
pub struct CharacterStarts {
    /// For each byte, the number of starts up to it, itself included.
    until: u64,
}

impl CharacterStarts {
    /// Finds the starts in `block`, which may begin and end within a character.
    #[must_use]
    pub fn of(block: [u8; BLOCK_BYTES]) -> Self {
        let bytes = u64::from_le_bytes(block);
        // The two highest bits of a byte that continues a character are 1 and 0.
        let continuations = bytes & !(bytes << 1) & HIGH;
        let starts = (!continuations & HIGH) >> 7;
        Self {
            until: starts.wrapping_mul(LOW),
        }
    }

    /// Returns the number of starts.
    #[must_use]
    pub fn count(self) -> usize {
        last(self.until)
    }

    /// Returns the number of bytes before the `n`th start, from 0, or of all bytes if there are fewer starts.
    #[must_use]
    pub fn bytes_before(self, n: usize) -> usize {
        let most = n.min(BLOCK_BYTES) as u64;
        // The subtraction leaves the highest bit of each byte that has at most `n` starts until it.
        let before = (((most * LOW) | HIGH) - self.until) & HIGH;
        last((before >> 7).wrapping_mul(LOW))
    }
}

/// Returns the last byte of a block.
fn last(block: u64) -> usize {
    let [.., last] = block.to_le_bytes();
    usize::from(last)
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_BYTES, CharacterStarts};

    #[test]
    fn starts_are_found_in_every_block_of_a_text() {
        let text = "ASCII only, \u{E9}\u{E8} \u{416}\u{436}\u{416}\u{436}, \u{6F22}\u{5B57}\u{6F22}, \u{1F30A}\u{1F30A}\u{1F30A}\u{7F}";
        for block in text.as_bytes().windows(BLOCK_BYTES) {
            let found = CharacterStarts::of(block.try_into().unwrap());
            let is_start = |at: &usize| (block[*at] & 0xC0) != 0x80;
            let expected = (0..BLOCK_BYTES).filter(is_start).collect::<Vec<_>>();
            assert_eq!(found.count(), expected.len(), "{block:?}");
            for n in 0..20 {
                let before = expected.get(n).copied().unwrap_or(BLOCK_BYTES);
                assert_eq!(found.bytes_before(n), before, "{block:?} {n}");
            }
        }
    }
}
