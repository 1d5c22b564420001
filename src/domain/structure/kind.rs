//! The kinds of blocks and chunks.

/// The kind of a block, or of a chunk.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(u8)]
pub enum Kind {
    /// Text without another kind. All text of a strategy without structure is prose.
    #[default]
    Prose = 0,
    /// A heading.
    Heading = 1,
    /// A list, with everything in its items.
    List = 2,
    /// A table.
    Table = 3,
    /// Code: a fence or an indented block.
    Code = 4,
    /// A quote, with everything in it.
    Quote = 5,
    /// Markup of HTML.
    Html = 6,
    /// A record, such as a row of CSV or an object of JSON.
    Record = 7,
    /// The metadata before a document's text.
    FrontMatter = 8,
    /// Blocks of several kinds. Only a chunk has this kind.
    Mixed = 9,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Prose,
        Self::Heading,
        Self::List,
        Self::Table,
        Self::Code,
        Self::Quote,
        Self::Html,
        Self::Record,
        Self::FrontMatter,
        Self::Mixed,
    ];

    /// Returns the name of the kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Prose => "prose",
            Self::Heading => "heading",
            Self::List => "list",
            Self::Table => "table",
            Self::Code => "code",
            Self::Quote => "quote",
            Self::Html => "html",
            Self::Record => "record",
            Self::FrontMatter => "front_matter",
            Self::Mixed => "mixed",
        }
    }

    /// Returns the number that stores and checkpoints keep.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Returns the kind with that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Returns the kind of a chunk that has blocks of both kinds. A heading introduces other blocks, so it does
    /// not count beside another kind.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        match (self, other) {
            (one, two) if one == two => one,
            (Self::Heading, other) | (other, Self::Heading) => other,
            _ => Self::Mixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn numbers_are_those_of_the_list() {
        for (number, kind) in (0..).zip(Kind::ALL) {
            assert_eq!(kind.number(), number);
            assert_eq!(Kind::from_number(number), Some(kind));
        }
        assert_eq!(Kind::from_number(10), None);
    }

    #[test]
    fn a_heading_counts_only_alone() {
        assert_eq!(Kind::Heading.with(Kind::Table), Kind::Table);
        assert_eq!(Kind::List.with(Kind::Heading), Kind::List);
        assert_eq!(Kind::Heading.with(Kind::Heading), Kind::Heading);
        assert_eq!(Kind::List.with(Kind::Code), Kind::Mixed);
    }
}
