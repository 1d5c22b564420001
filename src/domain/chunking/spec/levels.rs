//! The sizes of several levels of chunks that are cut from one stream.
//!
//! Chunks of the finest level are cut inside their parents, which are cut like chunks of a larger `max_size`. Parents of
//! a level do not overlap and cover the text. Each lies in one parent of the next coarser level.

/// The most levels, the finest included.
pub const LEVELS_MAX: usize = 4;
/// The most levels of parents.
pub const PARENTS_MAX: usize = LEVELS_MAX - 1;
/// The least ratio of a level's size to that of the next finer one. A parent of fewer chunks adds nothing to them.
pub const RATIO_MIN: usize = 2;
/// The ratio of the default levels: a parent has about four chunks, a grandparent about sixteen.
const RATIO_DEFAULT: usize = 4;

/// The sizes of all levels, coarse to fine. Without levels there are chunks of one size.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Levels(Vec<usize>);

/// The sizes are not those of levels.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// There is one size, or there are too many.
    #[error("has {given} sizes, but must have 2 to {LEVELS_MAX}, or none")]
    Number {
        /// The number of sizes.
        given: usize,
    },
    /// A size is too small for the next one.
    #[error("has {size} before {next}, but each size must be at least {RATIO_MIN} times the next")]
    Ratio {
        /// The size.
        size: usize,
        /// The size after it.
        next: usize,
    },
}

impl Levels {
    /// Checks the sizes of levels, coarse to fine. An empty list means one level.
    ///
    /// # Errors
    ///
    /// Fails if their number is out of range, or a size is less than twice the next.
    pub fn new(sizes: Vec<usize>) -> Result<Self, Error> {
        let given = sizes.len();
        if given == 1 || given > LEVELS_MAX {
            return Err(Error::Number { given });
        }
        for pair in sizes.windows(2) {
            if let &[size, next] = pair
                && size / RATIO_MIN < next
            {
                return Err(Error::Ratio { size, next });
            }
        }
        Ok(Self(sizes))
    }

    /// Returns the default levels over chunks of `max_size`: four and sixteen times as large, as far as chunks may be.
    #[must_use]
    pub fn over(max_size: usize, size_max: usize) -> Self {
        let mut sizes = vec![max_size];
        for _ in 0..2 {
            let size = sizes[0].saturating_mul(RATIO_DEFAULT);
            if size <= size_max {
                sizes.insert(0, size);
            }
        }
        Self::new(sizes).unwrap_or_default()
    }

    /// Returns the sizes, coarse to fine.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.0
    }

    /// Returns the sizes of the parents, coarse to fine.
    #[must_use]
    pub fn parents(&self) -> &[usize] {
        self.0.split_last().map_or(&[], |(_, parents)| parents)
    }

    /// Returns the size of the finest level. `None` without levels.
    #[must_use]
    pub fn finest(&self) -> Option<usize> {
        self.0.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, Levels};

    #[test]
    fn each_size_is_at_least_twice_the_next() {
        let levels = Levels::new(vec![2_048, 512, 128]).unwrap();
        assert_eq!(levels.parents(), [2_048, 512]);
        assert_eq!(levels.finest(), Some(128));
        assert_eq!(Levels::new(vec![]), Ok(Levels::default()));
        assert_eq!(Levels::new(vec![9]), Err(Error::Number { given: 1 }));
        assert_eq!(Levels::new(vec![1; 5]), Err(Error::Number { given: 5 }));
        let close = Error::Ratio { size: 9, next: 5 };
        assert_eq!(Levels::new(vec![20, 9, 5]), Err(close));
        assert!(Levels::new(vec![10, 5]).is_ok());
    }

    #[test]
    fn default_levels_are_four_and_sixteen_times_as_large() {
        assert_eq!(Levels::over(128, 1 << 19).sizes(), [2_048, 512, 128]);
        assert_eq!(Levels::over(1 << 17, 1 << 19).sizes(), [1 << 19, 1 << 17]);
        assert_eq!(Levels::over(1 << 19, 1 << 19), Levels::default());
    }
}
