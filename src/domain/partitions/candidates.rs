//! Computes the two partitions that may hold a document's chunks.
//!
//! Two candidates follow from the document's uid; a new document goes to the lighter one (the power of two choices:
//! Azar, Broder, Karlin and Upfal, SIAM J. Comput. 29, 1999). The last four bytes of a uid are random (UUID version
//! 7, RFC 9562), so they serve as the hash. PostgreSQL computes it in a CHECK for every chunk, at no measurable
//! cost.

use crate::domain::names::uid::DocumentUid;

/// The number of partitions.
pub const PARTITIONS: u32 = 100;

/// Returns the two partitions that may hold the document's chunks. They always differ.
#[must_use]
pub fn candidates(document: &DocumentUid) -> [u32; 2] {
    let [.., a, b, c, d] = *document.bytes();
    let first = u32::from(u16::from_be_bytes([a, b])) % PARTITIONS;
    let distance = 1 + u32::from(u16::from_be_bytes([c, d])) % (PARTITIONS - 1);
    [first, (first + distance) % PARTITIONS]
}

/// Returns the other candidate of a document that is in `partition`.
#[must_use]
pub fn other_candidate(document: &DocumentUid, partition: u32) -> u32 {
    let [first, second] = candidates(document);
    if partition == first { second } else { first }
}

#[cfg(test)]
mod tests {
    use super::{PARTITIONS, candidates, other_candidate};
    use crate::domain::names::uid::DocumentUid;

    #[test]
    fn candidates_differ_and_are_spread_evenly() {
        let mut counts = [0_u32; 100];
        for number in 0..100_000_u128 {
            // A multiplicative hash stands in for random bytes (Knuth, TAOCP 3, 6.4).
            let uid = number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            let [first, second] = candidates(&uid.rotate_right(64).to_be_bytes().into());
            assert!(first != second && first < PARTITIONS && second < PARTITIONS);
            counts[first as usize] += 1;
            counts[second as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (1_800..2_200).contains(count)),
            "{counts:?}"
        );
    }

    /// The same values verify other implementations, such as those in SQL.
    #[test]
    fn known_uids_have_known_candidates() {
        assert_eq!(candidates(&DocumentUid::MIN), [0, 1]);
        assert_eq!(candidates(&DocumentUid::MAX), [35, 32]);
        assert_eq!(
            [35, 32].map(|held| other_candidate(&DocumentUid::MAX, held)),
            [32, 35]
        );
    }
}
