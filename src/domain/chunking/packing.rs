//! Chooses the boundary at which a chunk ends from several equal ones.

/// The rule that chooses between boundaries of the same kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Packing {
    /// The boundary with the highest hash of its surroundings. Two versions of a document choose the same places
    /// wherever their text is the same, so the chunks soon match again after an edit. This is content-defined
    /// chunking (Muthitacharoen et al., LBFS, SOSP 2001).
    #[default]
    Stable,
    /// The last boundary, which gives the fullest chunks.
    Full,
}

/// The bytes of text on each side of a boundary that its hash covers.
const SIDE_BYTES: usize = 16;

/// Odd constants with evenly mixed bits: the fractional parts of the golden ratio and of √2.
const MIX: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0x6A09_E667_F3BC_C909];

impl Packing {
    /// All packings, for lists and tests.
    pub const ALL: [Self; 2] = [Self::Stable, Self::Full];

    /// Returns the name by which users choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Full => "full",
        }
    }
}

/// The most places that are read. A reader refuses few of the best places. If all of these are refused, the next kind
/// of boundary is used, so that the number of readings is bounded.
const READ_MAX: usize = 8;

/// The most offers that are kept before all but the best are dropped. Most sections have fewer places.
const OFFERS_MAX: usize = 32;

/// The best places offered until now.
#[derive(Debug)]
pub struct Pick<'a> {
    packing: Packing,
    text: &'a [u8],
    /// The first `kept` entries are places with their ranks. A place that several separators lead to has several
    /// entries.
    offers: [Offer; OFFERS_MAX],
    kept: usize,
    /// The best of them, or zero. Most sections need no other.
    best: Offer,
    /// Worse offers are not kept.
    least: Offer,
}

/// A place below its rank, as one number that is compared without a branch. Between two places with the same rank, the
/// later one is better.
type Offer = u128;

/// The bits below the rank.
const RANK_SHIFT: u32 = 64;

impl<'a> Pick<'a> {
    /// Picks from places in `text`.
    #[must_use]
    pub fn new(packing: Packing, text: &'a str) -> Self {
        Self {
            packing,
            text: text.as_bytes(),
            offers: [Offer::default(); OFFERS_MAX],
            kept: 0,
            best: Offer::default(),
            least: Offer::default(),
        }
    }

    /// Offers a place.
    pub fn offer(&mut self, place: usize) {
        let rank = match self.packing {
            Packing::Stable => hash(self.text, place),
            Packing::Full => 0,
        };
        let offer = Offer::from(rank) << RANK_SHIFT | place as Offer;
        if offer < self.least {
            return;
        }
        if self.kept == OFFERS_MAX {
            self.drop_worst();
        }
        self.offers[self.kept] = offer;
        self.kept += 1;
        self.best = self.best.max(offer);
    }

    /// Drops all offers but the best.
    fn drop_worst(&mut self) {
        let mut best = [Offer::default(); READ_MAX];
        let mut kept = 0;
        for (slot, offer) in best.iter_mut().zip(self.best_first()) {
            *slot = offer;
            kept += 1;
        }
        self.offers[..READ_MAX].copy_from_slice(&best);
        self.kept = kept;
        self.least = best[READ_MAX - 1];
    }

    /// Returns each place offered once, the best first.
    fn best_first(&self) -> impl Iterator<Item = Offer> {
        let offers = &self.offers[..self.kept];
        let mut last = self.best;
        let worse = std::iter::from_fn(move || {
            last = *offers.iter().filter(|offer| **offer < last).max()?;
            Some(last)
        });
        offers.first().map(|_| self.best).into_iter().chain(worse)
    }

    /// Returns the best place that `will_do` accepts, or `None`, and forgets all places.
    pub fn take(&mut self, mut will_do: impl FnMut(usize) -> bool) -> Option<usize> {
        let best = self.best_first().take(READ_MAX).map(|offer| offer as usize);
        let taken = { best }.find(|place| will_do(*place));
        self.kept = 0;
        self.best = Offer::default();
        self.least = Offer::default();
        taken
    }
}

/// Hashes the text around `place`. A place within [`SIDE_BYTES`] of the text's start has the lowest hash. Its
/// surroundings would depend on where the chunk begins, so chunks would not synchronise again.
fn hash(text: &[u8], place: usize) -> u64 {
    let (before, after) = text.split_at(place);
    let Some(before) = before.last_chunk() else {
        return 0;
    };
    let after = after
        .first_chunk()
        .copied()
        .unwrap_or_else(|| padded(after));
    fold(side(*before) ^ MIX[0], side(after).rotate_left(32) ^ MIX[1])
}

fn side(bytes: [u8; SIDE_BYTES]) -> u64 {
    let number = u128::from_le_bytes(bytes);
    fold(low(number) ^ MIX[1], low(number >> 64) ^ MIX[0])
}

/// Pads a side at the text's end, which is shorter, with zeros.
fn padded(bytes: &[u8]) -> [u8; SIDE_BYTES] {
    let mut padded = [0; SIDE_BYTES];
    padded[..bytes.len()].copy_from_slice(bytes);
    padded
}

/// Multiplies, and combines the product's halves, so that every bit of both numbers affects every bit of the result.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    low(product) ^ low(product >> 64)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "only the lower half is needed"
)]
fn low(number: u128) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::{Packing, Pick, hash};

    #[test]
    fn stable_takes_the_same_place_wherever_it_stands() {
        let text = "the quick brown fox jumps over the lazy dog and runs far away into the woods";
        let places = [16, 20, 26, 31, 35, 40];
        let picked = |prefix: &str| {
            let text = format!("{prefix}{text}");
            let mut pick = Pick::new(Packing::Stable, &text);
            for place in places {
                pick.offer(prefix.len() + place);
            }
            pick.take(|_| true).unwrap() - prefix.len()
        };
        assert_eq!(picked(""), picked("something before it "));
    }

    #[test]
    fn full_takes_the_last_place_and_ties_go_to_the_later_one() {
        let mut pick = Pick::new(Packing::Full, "a b c d");
        for place in [2, 6, 4] {
            pick.offer(place);
        }
        assert_eq!(pick.take(|_| true), Some(6));
        let text = "ab ".repeat(40);
        let mut pick = Pick::new(Packing::Stable, &text);
        for place in [30, 60, 45] {
            pick.offer(place);
        }
        assert_eq!(pick.take(|_| true), Some(60));
    }

    #[test]
    fn the_next_best_is_taken_where_the_best_will_not_do() {
        let pick = |most: usize| {
            let mut pick = Pick::new(Packing::Full, "a b c d");
            for place in [2, 6, 4, 6].into_iter().chain(10..most) {
                pick.offer(place);
            }
            pick
        };
        assert_eq!(pick(0).take(|place| place < 6), Some(4));
        assert_eq!(pick(0).take(|place| place < 2), None);
        assert_eq!(pick(100).take(|place| place < 97), Some(96));
        assert_eq!(
            pick(100).take(|place| place < 50),
            None,
            "too many were refused"
        );
    }

    /// Each bit of the surroundings changes about half of the hash's bits.
    #[test]
    fn the_hash_mixes() {
        let text = *b"sixteen bytes in front, and behind";
        let place = 16;
        let whole = hash(&text, 16);
        for bit in 0..256 {
            let mut other = text;
            other[bit / 8] ^= 1 << (bit % 8);
            let changed = (hash(&other, place) ^ whole).count_ones();
            assert!((12..=52).contains(&changed), "bit {bit} changes {changed}");
        }
    }
}
