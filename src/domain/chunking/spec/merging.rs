//! Completes the fields that a user set with those of a collection and the defaults.

use crate::domain::chunking::measure::Measure;
use crate::domain::chunking::spec::checked::{Request, Spec};
use crate::domain::chunking::spec::conflict::{Conflict, Field, Origin, Origins, Set, pick};
use crate::domain::chunking::spec::levels::Levels;
use crate::domain::chunking::spec::limits::MAX_BYTES_CEILING;
use crate::domain::chunking::spec::partial::Partial;
use crate::domain::chunking::spec::token_fields::measure_of;
use crate::domain::chunking::strategy::{Kind, Strategy};

impl Partial {
    /// Completes the spec. Each field has the value set here, otherwise the collection's, otherwise the default.
    /// Derived defaults are computed from the merged fields.
    ///
    /// Sizes have a unit. A collection's `min_size`, `max_size`, `overlap` and `levels` therefore apply only if the
    /// measure is the collection's, its `levels` only to its `max_size`, and its separators only to `recursive`. The
    /// strategy `hierarchical` has levels by default, and `token` measures in tokens.
    ///
    /// # Errors
    ///
    /// Fails if the merged fields do not fit together, or if separators are set here for a strategy
    /// that has none.
    pub fn over(&self, collection: &Self) -> Result<Spec, Conflict> {
        let measure_below = measure_of(collection).unwrap_or_default();
        let measure = measure_of(self).unwrap_or(measure_below);
        self.check_token(collection, measure)?;
        let unset = Self::default();
        let sized = if measure == measure_below {
            collection
        } else {
            &unset
        };
        let min_size = pick(self.min_size, sized.min_size);
        let (levels, max_size) = self.sizes_over(sized);
        let overlap = pick(self.overlap, sized.overlap);
        let max_bytes = pick(self.max_bytes, collection.max_bytes);
        let (max_tokens, tokens_origin) = pick(self.max_tokens, collection.max_tokens);
        let reserve = self.reserve_over(collection);
        let is_hierarchical = self.strategy.or(collection.strategy) == Some(Kind::Hierarchical);
        let by_default = || {
            if is_hierarchical {
                let max_size = max_size.0.unwrap_or_else(|| finest_default(measure));
                Levels::over(max_size, MAX_BYTES_CEILING)
            } else {
                Levels::default()
            }
        };
        let request = Request {
            strategy: Some(self.strategy_over(collection)?),
            measure,
            min_size: min_size.0,
            max_size: max_size.0,
            overlap: overlap.0.unwrap_or(0),
            max_bytes: max_bytes.0,
            max_tokens: max_tokens.filter(|most| *most > 0),
            reserve_tokens: reserve.0.unwrap_or(0),
            tokenizer: self
                .tokenizer
                .clone()
                .or_else(|| collection.tokenizer.clone()),
            levels: levels.0.unwrap_or_else(by_default),
            packing: self.packing.or(collection.packing).unwrap_or_default(),
        };
        let origins = Origins {
            min_size: min_size.1,
            max_size: max_size.1,
            overlap: overlap.1,
            max_bytes: max_bytes.1,
            max_tokens: tokens_origin,
            reserve_tokens: reserve.1,
            levels: levels.1,
        };
        let spec = Spec::new(request).map_err(|error| origins.explain(&error))?;
        self.check_tokenizer(&spec)?;
        Ok(spec)
    }

    /// Returns the levels and `max_size`, which is the size of the finest level. Levels that are set here replace the
    /// collection's `max_size`, and another `max_size` its levels.
    fn sizes_over(&self, collection: &Self) -> (Set<Levels>, Set<usize>) {
        let has_levels = |levels: &Levels| levels.finest().is_some();
        if self.levels.as_ref().is_some_and(has_levels) {
            let max_size = (self.max_size, Origin::Request);
            return (pick(self.levels.clone(), None), max_size);
        }
        let is_finest = |levels: &&Levels| {
            let finest = levels.finest();
            self.max_size
                .is_none_or(|max_size| finest == Some(max_size))
        };
        let levels = collection.levels.as_ref().filter(is_finest);
        let finest = collection.levels.as_ref().and_then(Levels::finest);
        let max_size = pick(self.max_size, collection.max_size.or(finest));
        (pick(self.levels.clone(), levels.cloned()), max_size)
    }

    fn strategy_over(&self, collection: &Self) -> Result<Strategy, Conflict> {
        let (kind, origin) = pick(self.strategy, collection.strategy);
        let strategy = Strategy::of(kind.unwrap_or_default());
        match (strategy, &self.separators) {
            (Strategy::Recursive(universal), separators) => {
                let ladder = separators.as_ref().or(collection.separators.as_ref());
                Ok(Strategy::Recursive(ladder.cloned().unwrap_or(universal)))
            }
            (strategy, None) => Ok(strategy),
            (strategy, Some(_)) => Err(Conflict {
                field: Field::Separators,
                message: format!(
                    "are for the strategy recursive only, but the strategy is {} ({origin}): \
                     give no separators, or the strategy recursive",
                    strategy.name()
                ),
            }),
        }
    }
}

/// Returns the default size of the finest level of `hierarchical`: a sentence or two.
fn finest_default(measure: Measure) -> usize {
    match measure {
        Measure::Characters | Measure::Bytes => 128,
        Measure::Words => 25,
        Measure::Tokens => 32,
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::chunking::measure::Measure;
    use crate::domain::chunking::packing::Packing;
    use crate::domain::chunking::separator_levels::SeparatorLevels;
    use crate::domain::chunking::spec::checked::Spec;
    use crate::domain::chunking::spec::conflict::Field;
    use crate::domain::chunking::spec::levels::Levels;
    use crate::domain::chunking::spec::partial::Partial;
    use crate::domain::chunking::strategy::{Kind, Strategy};
    use crate::domain::chunking::tokens::tokenizer::TokenizerId;

    fn collection() -> Partial {
        Partial {
            strategy: Some(Kind::Recursive),
            separators: Some(SeparatorLevels::latin()),
            measure: Some(Measure::Bytes),
            min_size: Some(200),
            max_size: Some(400),
            overlap: Some(50),
            max_bytes: Some(2_000),
            levels: Some(Levels::new(vec![1_600, 400]).unwrap()),
            max_tokens: Some(100),
            reserve_tokens: Some(4),
            tokenizer: TokenizerId::new("of-the-collection").ok(),
            packing: Some(Packing::Full),
        }
    }

    fn sizes(spec: &Spec) -> (usize, usize, usize) {
        let limits = spec.limits();
        (limits.min_size(), limits.max_size(), limits.overlap())
    }

    #[test]
    fn each_field_is_merged_by_itself() {
        type Set = fn(&mut Partial, &Partial);
        let fields: [Set; 8] = [
            |to, from| to.separators.clone_from(&from.separators),
            |to, from| to.min_size = from.min_size,
            |to, from| to.max_size = from.max_size,
            |to, from| to.overlap = from.overlap,
            |to, from| to.max_bytes = from.max_bytes,
            |to, from| to.packing = from.packing,
            |to, from| to.max_tokens = from.max_tokens,
            |to, from| to.tokenizer.clone_from(&from.tokenizer),
        ];
        let builtin = Partial {
            min_size: Some(300),
            max_tokens: Some(200),
            tokenizer: TokenizerId::new("as-given").ok(),
            ..Partial::from(&Spec::default())
        };
        for set in fields {
            let mut request = Partial::default();
            let mut merged = collection();
            set(&mut request, &builtin);
            set(&mut merged, &builtin);
            if merged.max_size != collection().max_size {
                merged.levels = Some(Levels::default());
            }
            let spec = request.over(&collection()).unwrap();
            assert_eq!(Partial::from(&spec), merged, "{request:?}");
        }
        let all = Partial::from(&Spec::default());
        assert_eq!(all.over(&collection()), Ok(Spec::default()));
        let nothing = Partial::default();
        let spec = nothing.over(&collection()).unwrap();
        assert_eq!(Partial::from(&spec), collection());
        assert_eq!(nothing.over(&nothing), Ok(Spec::default()));
    }

    #[test]
    fn levels_and_the_size_of_the_finest_belong_together() {
        let levels = |sizes: &[usize]| Some(Levels::new(sizes.to_vec()).unwrap());
        let smaller = Partial {
            min_size: Some(100),
            overlap: Some(0),
            ..Partial::default()
        };
        let cases = [
            (None, None, vec![1_600, 400]),
            (Some(400), None, vec![1_600, 400]),
            (Some(300), None, vec![]),
            (None, levels(&[900, 300]), vec![900, 300]),
            (Some(300), levels(&[900, 300]), vec![900, 300]),
            (None, levels(&[]), vec![]),
        ];
        for (max_size, levels, expected) in cases {
            let request = Partial {
                max_size,
                levels,
                ..smaller.clone()
            };
            let spec = request.over(&collection()).unwrap();
            assert_eq!(spec.levels().sizes(), expected, "{request:?}");
            let finest = expected.last().copied().or(max_size).unwrap_or(400);
            assert_eq!(spec.limits().max_size(), finest);
        }
        let without_size = Partial {
            max_size: None,
            ..collection()
        };
        let off = Partial {
            levels: levels(&[]),
            ..smaller.clone()
        };
        let spec = off.over(&without_size).unwrap();
        assert_eq!(spec.limits().max_size(), 400);
        let large = Partial {
            levels: levels(&[1 << 20, 300]),
            ..smaller.clone()
        };
        assert_eq!(large.over(&off).unwrap_err().field, Field::Levels);
        let contradiction = Partial {
            max_size: Some(200),
            levels: levels(&[900, 300]),
            ..smaller
        };
        let conflict = contradiction.over(&collection()).unwrap_err();
        assert_eq!(conflict.field, Field::Levels);
    }

    #[test]
    fn derived_defaults_follow_from_the_merged_fields() {
        let collection = Partial {
            max_size: Some(400),
            ..Partial::default()
        };
        let larger = Partial {
            max_size: Some(1_000),
            ..Partial::default()
        };
        assert_eq!(sizes(&larger.over(&collection).unwrap()), (500, 1_000, 0));
        let fixed = Partial {
            strategy: Some(Kind::Fixed),
            ..Partial::default()
        };
        assert_eq!(sizes(&fixed.over(&collection).unwrap()), (400, 400, 0));
        let overlapping = Partial {
            overlap: Some(150),
            ..Partial::default()
        };
        let spec = overlapping.over(&collection).unwrap();
        assert_eq!(sizes(&spec), (225, 400, 150));
    }

    #[test]
    fn sizes_of_another_unit_do_not_apply() {
        let words = Partial {
            measure: Some(Measure::Words),
            ..Partial::default()
        };
        let spec = words.over(&collection()).unwrap();
        assert_eq!(sizes(&spec), (100, 200, 0));
        assert_eq!(spec.limits().max_bytes(), 2_000);
        assert_eq!(spec.packing(), Packing::Full);
        let same = Partial {
            measure: Some(Measure::Bytes),
            ..Partial::default()
        };
        assert_eq!(sizes(&same.over(&collection()).unwrap()), (200, 400, 50));
        let by_default = Partial {
            max_size: Some(400),
            ..Partial::default()
        };
        let characters = Partial {
            measure: Some(Measure::Characters),
            ..Partial::default()
        };
        assert_eq!(sizes(&characters.over(&by_default).unwrap()).1, 400);
    }

    #[test]
    fn separators_are_for_recursive_only() {
        let sentence = Partial {
            strategy: Some(Kind::Sentence),
            ..Partial::default()
        };
        let spec = sentence.over(&collection()).unwrap();
        assert_eq!(spec.strategy(), &Strategy::Sentence);
        let separators = Partial {
            separators: Some(SeparatorLevels::cjk()),
            ..Partial::default()
        };
        let spec = separators.over(&collection()).unwrap();
        assert_eq!(
            spec.strategy(),
            &Strategy::Recursive(SeparatorLevels::cjk())
        );
        let conflict = separators.over(&sentence).unwrap_err();
        assert_eq!(conflict.field, Field::Separators);
        assert!(conflict.message.contains("sentence (from the collection)"));
        let both = Partial {
            strategy: Some(Kind::Fixed),
            ..separators
        };
        let conflict = both.over(&collection()).unwrap_err();
        assert!(conflict.message.contains("fixed (as given)"));
    }

    #[test]
    fn a_conflict_names_the_fields_their_origins_and_the_remedy() {
        let request = Partial {
            max_size: Some(300),
            ..Partial::default()
        };
        let large = Partial {
            min_size: Some(500),
            max_size: Some(1_000),
            ..Partial::default()
        };
        assert_eq!(
            request.over(&large).unwrap_err().to_string(),
            "min_size is 500 (from the collection), but must be from 38 to 300, because max_size is \
             300 (as given): give a min_size in that range, or another max_size"
        );
        let overlapping = Partial {
            overlap: Some(200),
            max_size: Some(1_000),
            ..Partial::default()
        };
        assert_eq!(
            request.over(&overlapping).unwrap_err().to_string(),
            "overlap is 200 (from the collection), but must be at most 150, two thirds of min_size (by \
             default; max_size is as given): give a smaller overlap, or larger sizes"
        );
        let zero = Partial {
            max_size: Some(0),
            ..Partial::default()
        };
        let nothing = Partial::default();
        let conflict = zero.over(&nothing).unwrap_err();
        assert!(
            conflict
                .to_string()
                .starts_with("max_size is 0 characters (as given)")
        );
        let narrow = Partial {
            max_bytes: Some(63),
            ..Partial::default()
        };
        assert_eq!(narrow.over(&nothing).unwrap_err().field, Field::MaxBytes);
    }
}
