//! A checked spec: a strategy, sizes, packing and the identity of the tokenizer.

use std::fmt;

use crate::domain::chunking::measure::Measure;
use crate::domain::chunking::packing::Packing;
use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::chunking::spec::levels::Levels;
use crate::domain::chunking::spec::limits::{
    self, Limits, MAX_BYTES_CEILING, MAX_BYTES_DEFAULT, Sizes,
};
use crate::domain::chunking::strategy::Strategy;
use crate::domain::chunking::tokens::tokenizer::TokenizerId;

/// A spec of how a document is chunked.
///
/// ```
/// use sluice::domain::chunking::spec::checked::Spec;
///
/// let spec = Spec::default();
/// assert_eq!(spec.limits().max_size(), 1_000);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spec {
    strategy: Strategy,
    limits: Limits,
    /// The sizes of the parents' levels, coarse to fine.
    parents: Vec<Limits>,
    packing: Packing,
    /// `None` means that nothing is measured in tokens.
    tokenizer: Option<TokenizerId>,
}

/// A requested spec. Absent fields take their defaults.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The strategy. Default: `recursive` with the separators of all scripts.
    pub strategy: Option<Strategy>,
    /// The unit of the sizes. Default: characters.
    pub measure: Measure,
    /// The smallest size of a chunk. The strategy's default is half of `max_size` or all of it. With an overlap, the
    /// default is at least one and a half times the overlap, but that bound is at most three quarters of `max_size`.
    pub min_size: Option<usize>,
    /// The largest size of a chunk. Default: 1,000 characters or bytes, or 200 words: a paragraph or two, which fit
    /// into embedding models of 512 tokens; or 512 tokens.
    pub max_size: Option<usize>,
    /// The size that neighbouring chunks share. Default: 0.
    pub overlap: usize,
    /// The largest chunk in bytes. Default: 64 KiB; in tokens 32 times `max_size`, if that is less.
    pub max_bytes: Option<usize>,
    /// The largest chunk in tokens, beside another measure. Default: no limit.
    pub max_tokens: Option<usize>,
    /// The tokens of each limit in tokens that are left free. Default: 0.
    pub reserve_tokens: usize,
    /// The tokenizer of the tokens. Default: `cl100k_base`. Without tokens it has no effect.
    pub tokenizer: Option<TokenizerId>,
    /// The sizes of all levels. The finest is `max_size`. Default: one level.
    pub levels: Levels,
    /// The rule that chooses between equal boundaries. Default: stable.
    pub packing: Packing,
}

impl Spec {
    /// Fills in defaults and checks the sizes.
    ///
    /// # Errors
    ///
    /// Fails if a size is out of range, or the sizes do not fit together.
    pub fn new(request: Request) -> Result<Self, limits::Error> {
        let Request {
            strategy,
            measure,
            min_size,
            max_size,
            overlap,
            max_bytes,
            max_tokens,
            reserve_tokens,
            tokenizer,
            levels,
            packing,
        } = request;
        let strategy =
            strategy.unwrap_or_else(|| Strategy::Recursive(SeparatorLevels::universal()));
        let finest = levels.finest();
        let max_size = max_size.or(finest).unwrap_or(match measure {
            Measure::Characters | Measure::Bytes => 1_000,
            Measure::Words => 200,
            Measure::Tokens => 512,
        });
        if let Some(finest) = finest.filter(|finest| *finest != max_size) {
            return Err(limits::Error::Levels { max_size, finest });
        }
        let min_size = min_size.unwrap_or_else(|| {
            strategy
                .min_size_default(max_size)
                .max(limits::min_size_for(overlap, max_size))
        });
        let max_bytes = max_bytes.unwrap_or_else(|| match measure {
            Measure::Characters | Measure::Bytes | Measure::Words => MAX_BYTES_DEFAULT,
            Measure::Tokens => limits::max_bytes_for_tokens(max_size, MAX_BYTES_DEFAULT),
        });
        let sizes = Sizes {
            measure,
            min_size,
            max_size,
            overlap,
            max_bytes,
            max_tokens,
            reserve_tokens,
        };
        let limits = Limits::new(sizes)?;
        let parents = levels.parents().iter().map(|size| {
            let limits = Limits::new(Sizes {
                min_size: strategy.min_size_default(*size),
                max_size: *size,
                overlap: 0,
                max_bytes: match measure {
                    Measure::Characters | Measure::Bytes | Measure::Words => MAX_BYTES_CEILING,
                    Measure::Tokens => limits::max_bytes_for_tokens(*size, MAX_BYTES_CEILING),
                },
                max_tokens: None,
                reserve_tokens: 0,
                ..sizes
            });
            limits.map_err(|_range| limits::Error::ParentSize { size: *size })
        });
        let parents = parents.collect::<Result<_, _>>()?;
        let counts = limits.chunk_tokens_max().is_some();
        Ok(Self {
            tokenizer: counts.then(|| tokenizer.unwrap_or_default()),
            strategy,
            limits,
            parents,
            packing,
        })
    }

    /// Returns the strategy.
    #[must_use]
    pub fn strategy(&self) -> &Strategy {
        &self.strategy
    }

    /// Returns the sizes.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the sizes of the parents, coarse to fine.
    #[must_use]
    pub fn parents(&self) -> &[Limits] {
        &self.parents
    }

    /// Returns the sizes of all levels.
    #[must_use]
    pub fn levels(&self) -> Levels {
        let parents = self.parents.iter().map(Limits::max_size);
        let finest = (!self.parents.is_empty()).then(|| self.limits.max_size());
        Levels::new(parents.chain(finest).collect()).unwrap_or_default()
    }

    /// Returns the packing.
    #[must_use]
    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// Returns the tokenizer. `None` means that nothing is measured in tokens.
    #[must_use]
    pub fn tokenizer(&self) -> Option<&TokenizerId> {
        self.tokenizer.as_ref()
    }

    /// Returns the spec with its tokenizer pinned to a digest.
    #[must_use]
    pub fn pinned(self, sha256: [u8; 32]) -> Self {
        let tokenizer = self.tokenizer.map(|tokenizer| tokenizer.pinned(sha256));
        Self { tokenizer, ..self }
    }
}

impl Default for Spec {
    fn default() -> Self {
        // The defaults are within their bounds, as the test below checks.
        Self::new(Request::default()).expect("the defaults keep the bounds")
    }
}

/// Formats everything that decides chunks, in one line. Equal lines mean equal chunks.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            strategy,
            limits,
            parents,
            packing,
            tokenizer,
        } = self;
        let measure = limits.measure().name();
        let packing = packing.name();
        write!(
            f,
            "{} of {} to {} {measure}",
            strategy.name(),
            limits.min_size(),
            limits.max_size()
        )?;
        write!(f, ", at most {} bytes", limits.max_bytes())?;
        write!(f, ", overlap {}, packing {packing}", limits.overlap())?;
        if let Strategy::Recursive(ladder) = strategy {
            write!(f, ", separators {:?}", ladder.levels())?;
            write!(f, " kept {}", ladder.keep().name())?;
        }
        for parent in parents {
            write!(
                f,
                ", in chunks of {} to {}",
                parent.min_size(),
                parent.max_size()
            )?;
        }
        if let Some(tokenizer) = tokenizer {
            let most = limits.chunk_tokens_max().unwrap_or(0);
            write!(f, ", at most {most} tokens of {}", tokenizer.name())?;
            for byte in tokenizer.sha256().iter().flatten() {
                write!(f, "{byte:02x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Request, Spec};
    use crate::domain::chunking::measure::Measure;
    use crate::domain::chunking::strategy::Strategy;

    #[test]
    fn every_default_passes_its_own_check() {
        for strategy in Strategy::all() {
            for measure in Measure::ALL {
                let strategy = Some(strategy.clone());
                let spec = Spec::new(Request {
                    strategy,
                    measure,
                    ..Request::default()
                });
                assert!(spec.is_ok(), "{spec:?}");
            }
        }
        assert_eq!(Spec::default().strategy().name(), "recursive");
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused_by_name() {
        let sized = |min_size, max_size, overlap, max_bytes| {
            let request = Request {
                min_size,
                max_size,
                overlap,
                max_bytes,
                ..Request::default()
            };
            Spec::new(request).unwrap_err().to_string()
        };
        assert!(sized(None, Some(0), 0, None).starts_with("max_size is 0"));
        assert!(sized(None, Some(1 << 20), 0, None).starts_with("max_size is 1048576"));
        assert!(
            sized(Some(1), Some(10), 0, None)
                .starts_with("min_size is 1, but must be from an eighth of max_size, 2")
        );
        assert!(sized(Some(11), Some(10), 0, None).starts_with("min_size is 11"));
        assert!(
            sized(None, Some(10), 6, None)
                .starts_with("overlap is 6, but must be at most two thirds of min_size, 5")
        );
        assert!(sized(None, Some(10), usize::MAX, None).starts_with("overlap is"));
        assert!(sized(None, None, 0, Some(63)).starts_with("max_bytes is 63"));
    }
}
