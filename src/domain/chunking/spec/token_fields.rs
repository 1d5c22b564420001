//! Merges and checks the fields about tokens.

use crate::domain::chunking::measure::Measure;
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::chunking::spec::conflict::{Conflict, Field, Set, pick};
use crate::domain::chunking::spec::partial::Partial;
use crate::domain::chunking::strategy::Kind;

impl Partial {
    /// Returns the reserve. A collection's reserve does not apply if nothing is measured in tokens.
    pub(super) fn reserve_over(&self, collection: &Self) -> Set<usize> {
        let measure = measure_of(self).or_else(|| measure_of(collection));
        let most = self.max_tokens.or(collection.max_tokens).unwrap_or(0);
        let counts = measure == Some(Measure::Tokens) || most > 0;
        let below = collection.reserve_tokens.filter(|_| counts);
        pick(self.reserve_tokens, below)
    }

    /// Checks that the strategy `token` has no other measure.
    pub(super) fn check_token(&self, collection: &Self, measure: Measure) -> Result<(), Conflict> {
        let kind = self.strategy.or(collection.strategy);
        if kind != Some(Kind::Token) || measure == Measure::Tokens {
            return Ok(());
        }
        let (_, origin) = pick(self.measure, collection.measure);
        Err(Conflict {
            field: Field::Measure,
            message: format!(
                "is {} ({origin}), but the strategy token measures in tokens: give the measure tokens, or the \
                 strategy fixed",
                measure.name()
            ),
        })
    }

    /// Checks that a tokenizer that is set here has something to count.
    pub(super) fn check_tokenizer(&self, spec: &Spec) -> Result<(), Conflict> {
        let Some(tokenizer) = self
            .tokenizer
            .as_ref()
            .filter(|_| spec.tokenizer().is_none())
        else {
            return Ok(());
        };
        Err(Conflict {
            field: Field::Tokenizer,
            message: format!(
                "is {} (as given), but nothing is measured in tokens: give the measure tokens, or max_tokens, or no \
                 tokenizer",
                tokenizer.name()
            ),
        })
    }
}

/// Returns the measure that a layer sets. The strategy `token` implies one.
pub(super) fn measure_of(layer: &Partial) -> Option<Measure> {
    let implied = (layer.strategy == Some(Kind::Token)).then_some(Measure::Tokens);
    layer.measure.or(implied)
}

#[cfg(test)]
mod tests {
    use crate::domain::chunking::measure::Measure;
    use crate::domain::chunking::spec::conflict::Field;
    use crate::domain::chunking::spec::partial::Partial;
    use crate::domain::chunking::strategy::Kind;
    use crate::domain::chunking::tokens::tokenizer::TokenizerId;

    /// A collection with a limit of 100 tokens.
    fn limited() -> Partial {
        Partial {
            max_tokens: Some(100),
            reserve_tokens: Some(4),
            tokenizer: TokenizerId::new("of-the-collection").ok(),
            ..Partial::default()
        }
    }

    #[test]
    fn tokens_are_counted_by_a_tokenizer_only_where_something_is_measured_in_them() {
        let token = Partial {
            strategy: Some(Kind::Token),
            ..Partial::default()
        };
        let spec = token.over(&Partial::default()).unwrap();
        assert_eq!(
            (spec.limits().measure(), spec.limits().max_size()),
            (Measure::Tokens, 512)
        );
        assert_eq!(spec.tokenizer(), Some(&TokenizerId::default()));
        let spec = token.over(&limited()).unwrap();
        assert_eq!(spec.limits().chunk_tokens_max(), Some(96));
        assert_eq!(spec.tokenizer(), limited().tokenizer.as_ref());
        let words = Partial {
            measure: Some(Measure::Words),
            ..Partial::default()
        };
        assert_eq!(words.over(&token).unwrap_err().field, Field::Measure);
        let off = Partial {
            max_tokens: Some(0),
            ..Partial::default()
        };
        let spec = off.over(&limited()).unwrap();
        assert_eq!(
            (spec.tokenizer(), spec.limits().reserve_tokens()),
            (None, 0)
        );
        let unused = Partial {
            tokenizer: Some(TokenizerId::default()),
            ..off.clone()
        };
        assert_eq!(unused.over(&off).unwrap_err().field, Field::Tokenizer);
        for (max_tokens, reserve) in [(None, 1), (Some(8), 8)] {
            let reserving = Partial {
                max_tokens,
                reserve_tokens: Some(reserve),
                ..Partial::default()
            };
            let conflict = reserving.over(&off).unwrap_err();
            assert_eq!(conflict.field, Field::ReserveTokens);
        }
    }
}
