//! The sizes of chunks as bars.

/// The bars of a histogram.
pub(super) const BARS: usize = 24;

/// Counts sizes in [`BARS`] equal ranges from 0 to the largest size.
pub(super) fn of(sizes: &[u64]) -> [usize; BARS] {
    let most = sizes.iter().copied().max().unwrap_or(0).max(1);
    let mut bars = [0; BARS];
    for size in sizes {
        let at = size * BARS as u64 / (most + 1);
        bars[usize::try_from(at).unwrap_or(0).min(BARS - 1)] += 1;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::{BARS, of};

    #[test]
    fn every_size_is_in_one_bar() {
        let bars = of(&[0, 1, 50, 99, 100]);
        assert_eq!(bars.iter().sum::<usize>(), 5);
        assert_eq!((bars[0], bars[BARS - 1]), (2, 2));
        assert_eq!(of(&[]), [0; BARS]);
        assert_eq!(of(&[0]).first(), Some(&1));
    }
}
