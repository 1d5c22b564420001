//! Which partition holds a document's chunks.
//!
//! Two candidates follow from the document's uid; the lighter one is taken when the document is
//! made (the power of two choices: Azar, Broder, Karlin and Upfal, SIAM J. Comput. 29, 1999).

use sha2::{Digest, Sha256};

/// How many partitions there are.
pub const PARTITIONS: u32 = 100;

/// The two partitions that may hold the document's chunks; never the same one twice.
#[must_use]
pub fn candidates(document_uid: &[u8; 16]) -> [u32; 2] {
    let digest: [u8; 32] = Sha256::digest(document_uid).into();
    let word = |at: usize| u32::from_be_bytes(std::array::from_fn(|byte| digest[4 * at + byte]));
    let first = word(0) % PARTITIONS;
    let distance = 1 + word(1) % (PARTITIONS - 1);
    [first, (first + distance) % PARTITIONS]
}

#[cfg(test)]
mod tests {
    use super::{PARTITIONS, candidates};

    #[test]
    fn candidates_differ_and_are_spread_evenly() {
        let mut counts = [0_u32; 100];
        for number in 0..100_000_u128 {
            let [first, second] = candidates(&number.to_be_bytes());
            assert!(first != second && first < PARTITIONS && second < PARTITIONS);
            counts[first as usize] += 1;
            counts[second as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (1_800..2_200).contains(count)),
            "{counts:?}"
        );
    }

    /// Other implementations, in SQL say, are checked against the same.
    #[test]
    fn known_uids_have_known_candidates() {
        assert_eq!(candidates(&[0; 16]), [39, 83]);
        assert_eq!(candidates(&[0xFF; 16]), [56, 77]);
    }
}
