//! A decoding policy with the fields that a user set, and its completion.

use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Policy};

/// The fields of a decoding policy that a user set; `None` means that another layer decides.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Partial {
    /// The choice of the charset.
    pub charset: Option<Choice>,
    /// The policy for bytes that begin no character.
    pub invalid: Option<Policy>,
    /// The policy for U+0000.
    pub nul: Option<Policy>,
    /// The policy for a byte order mark.
    pub byte_order_mark: Option<ByteOrderMark>,
}

/// The choice of a source's charset.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Choice {
    /// The charset is detected from the source's first bytes.
    Detect,
    /// The user has set the charset.
    Is(Charset),
}

impl Choice {
    /// The word that users write for [`Choice::Detect`].
    pub const DETECT: &'static str = "auto";

    /// Returns the charset. `None` means that it is detected.
    #[must_use]
    pub fn charset(self) -> Option<Charset> {
        match self {
            Self::Detect => None,
            Self::Is(charset) => Some(charset),
        }
    }

    /// Returns the label by which users choose it.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.charset().map_or(Self::DETECT, Charset::name)
    }
}

impl From<Option<Charset>> for Choice {
    fn from(charset: Option<Charset>) -> Self {
        charset.map_or(Self::Detect, Self::Is)
    }
}

impl Partial {
    /// Completes the policy. Each field has the value set here, otherwise the collection's, otherwise the default.
    #[must_use]
    pub fn over(&self, collection: &Self) -> Decoding {
        let Decoding {
            charset,
            invalid,
            nul,
            byte_order_mark,
        } = Decoding::default();
        let choice = self.charset.or(collection.charset);
        let mark = self.byte_order_mark.or(collection.byte_order_mark);
        Decoding {
            charset: choice.map_or(charset, Choice::charset),
            invalid: self.invalid.or(collection.invalid).unwrap_or(invalid),
            nul: self.nul.or(collection.nul).unwrap_or(nul),
            byte_order_mark: mark.unwrap_or(byte_order_mark),
        }
    }
}

/// Sets every field.
impl From<Decoding> for Partial {
    fn from(decoding: Decoding) -> Self {
        Self {
            charset: Some(decoding.charset.into()),
            invalid: Some(decoding.invalid),
            nul: Some(decoding.nul),
            byte_order_mark: Some(decoding.byte_order_mark),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Partial};
    use crate::domain::text::encoding::charset::Charset;
    use crate::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Policy};

    #[test]
    fn each_field_is_merged_by_itself() {
        let collection = Decoding {
            charset: Charset::from_label("windows-1252").ok(),
            invalid: Policy::Replace,
            nul: Policy::Replace,
            byte_order_mark: ByteOrderMark::Keep,
        };
        let below = Partial::from(collection);
        assert_eq!(Partial::default().over(&below), collection);
        let nothing = Partial::default();
        let utf8 = Partial {
            charset: Some(Choice::Is(Charset::UTF_8)),
            ..nothing
        };
        let expected = Decoding {
            charset: Some(Charset::UTF_8),
            ..collection
        };
        assert_eq!(utf8.over(&below), expected);
        let strict = Partial {
            invalid: Some(Policy::Reject),
            ..nothing
        };
        let expected = Decoding {
            invalid: Policy::Reject,
            ..collection
        };
        assert_eq!(strict.over(&below), expected);
        let no_nul = Partial {
            nul: Some(Policy::Reject),
            ..nothing
        };
        let expected = Decoding {
            nul: Policy::Reject,
            ..collection
        };
        assert_eq!(no_nul.over(&below), expected);
        let drop = Partial {
            byte_order_mark: Some(ByteOrderMark::Drop),
            ..nothing
        };
        let expected = Decoding {
            byte_order_mark: ByteOrderMark::Drop,
            ..collection
        };
        assert_eq!(drop.over(&below), expected);
        let detect = Partial {
            charset: Some(Choice::Detect),
            ..nothing
        };
        assert_eq!(detect.over(&below).charset, None);
        assert_eq!(nothing.over(&nothing), Decoding::default());
    }
}
