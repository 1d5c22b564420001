//! The formats whose structure a scanner reads.

/// A format.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// CommonMark with the tables and footnotes of GitHub Flavored Markdown, and front matter.
    Markdown,
}
