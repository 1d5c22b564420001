//! HTML blocks (CommonMark 0.31, §4.6).

/// The line that ends a block of HTML.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum End {
    /// A line with the end tag of `script`, `pre`, `style` or `textarea`.
    RawText = 1,
    /// A line with `-->`.
    Comment = 2,
    /// A line with `?>`.
    Instruction = 3,
    /// A line with `>`.
    Declaration = 4,
    /// A line with `]]>`.
    Data = 5,
    /// A blank line. The block can begin within a paragraph.
    Blank = 6,
    /// A blank line. The block cannot begin within a paragraph.
    BlankAfterAnyTag = 7,
}

/// The elements whose content is not markup.
const RAW_TEXT: &[&[u8]] = &[b"script", b"pre", b"style", b"textarea"];

/// The elements that begin a block anywhere, in order.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "base",
    "basefont",
    "blockquote",
    "body",
    "caption",
    "center",
    "col",
    "colgroup",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "iframe",
    "legend",
    "li",
    "link",
    "main",
    "menu",
    "menuitem",
    "nav",
    "noframes",
    "ol",
    "optgroup",
    "option",
    "p",
    "param",
    "search",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "track",
    "ul",
];

impl End {
    /// All ends, in the order of their numbers.
    const ALL: [Self; 7] = [
        Self::RawText,
        Self::Comment,
        Self::Instruction,
        Self::Declaration,
        Self::Data,
        Self::Blank,
        Self::BlankAfterAnyTag,
    ];

    /// Returns the end of the block that a line begins. `rest` begins at its `<`.
    #[must_use]
    pub fn of(rest: &[u8]) -> Option<Self> {
        let inner = rest.strip_prefix(b"<")?;
        match inner {
            [b'!', b'-', b'-', ..] => return Some(Self::Comment),
            [b'?', ..] => return Some(Self::Instruction),
            [b'!', first, ..] if first.is_ascii_alphabetic() => return Some(Self::Declaration),
            _ if inner.starts_with(b"![CDATA[") => return Some(Self::Data),
            _ => {}
        }
        let (is_closing, name) = match inner.strip_prefix(b"/") {
            Some(name) => (true, name),
            None => (false, inner),
        };
        let length = name
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        let (name, after) = name.split_at(length);
        let is_ended = matches!(after.first(), None | Some(b' ' | b'\t' | b'>'));
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if !is_closing && is_ended && RAW_TEXT.iter().any(|known| is(known)) {
            return Some(Self::RawText);
        }
        let is_block = BLOCKS.iter().any(|known| is(known.as_bytes()));
        if is_block && (is_ended || after.starts_with(b"/>")) {
            return Some(Self::Blank);
        }
        is_whole_tag(inner).then_some(Self::BlankAfterAnyTag)
    }

    /// Whether a line ends the block.
    #[must_use]
    pub fn is_in(self, line: &[u8]) -> bool {
        match self {
            Self::RawText => RAW_TEXT.iter().any(|name| has_end_tag(line, name)),
            Self::Comment => has(line, b"-->"),
            Self::Instruction => has(line, b"?>"),
            Self::Declaration => line.contains(&b'>'),
            Self::Data => has(line, b"]]>"),
            Self::Blank | Self::BlankAfterAnyTag => line.trim_ascii().is_empty(),
        }
    }

    /// Whether the block ends before the line that ends it, instead of after.
    #[must_use]
    pub fn is_blank(self) -> bool {
        matches!(self, Self::Blank | Self::BlankAfterAnyTag)
    }

    /// Returns the number that checkpoints keep.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Returns the end with that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.number() == number)
    }
}

fn has(line: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(line, needle).is_some()
}

fn has_end_tag(line: &[u8], name: &[u8]) -> bool {
    memchr::memmem::find_iter(line, b"</").any(|at| {
        let after = &line[at + 2..];
        after.len() > name.len()
            && after[..name.len()].eq_ignore_ascii_case(name)
            && after[name.len()] == b'>'
    })
}

/// Whether a line is one complete opening or closing tag, and blanks. `inner` begins after its `<`.
fn is_whole_tag(inner: &[u8]) -> bool {
    let (is_closing, inner) = match inner.strip_prefix(b"/") {
        Some(inner) => (true, inner),
        None => (false, inner),
    };
    if !inner.first().is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let mut rest = &inner[inner.iter().take_while(|byte| name(byte)).count()..];
    if !is_closing {
        while let Some(after) = after_attribute(rest) {
            rest = after;
        }
    }
    let rest = rest.trim_ascii_start();
    let rest = match rest.strip_prefix(b"/") {
        Some(after) if !is_closing => after,
        _ => rest,
    };
    rest.strip_prefix(b">")
        .is_some_and(|after| after.trim_ascii().is_empty())
}

/// Returns the rest after an attribute, which begins with a blank.
fn after_attribute(rest: &[u8]) -> Option<&[u8]> {
    let trimmed = rest.trim_ascii_start();
    let first = trimmed.first()?;
    if trimmed.len() == rest.len() || !(first.is_ascii_alphabetic() || matches!(first, b'_' | b':'))
    {
        return None;
    }
    let is_name =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.' | b'-');
    let rest = &trimmed[trimmed.iter().take_while(|byte| is_name(byte)).count()..];
    let Some(value) = rest.trim_ascii_start().strip_prefix(b"=") else {
        return Some(rest);
    };
    let value = value.trim_ascii_start();
    if let quote @ (b'"' | b'\'') = value.first()? {
        let end = value[1..].iter().position(|byte| byte == quote)?;
        Some(&value[end + 2..])
    } else {
        let is_ended = |byte: &u8| {
            matches!(
                byte,
                b' ' | b'\t' | b'"' | b'\'' | b'=' | b'<' | b'>' | b'`'
            )
        };
        let end = value.iter().position(is_ended).unwrap_or(value.len());
        (end > 0).then(|| &value[end..])
    }
}

#[cfg(test)]
mod tests {
    use super::End;

    #[test]
    fn the_beginning_decides_the_end() {
        let ends = |line: &str| End::of(line.as_bytes());
        assert_eq!(ends("<!-- a"), Some(End::Comment));
        assert_eq!(ends("<?php"), Some(End::Instruction));
        assert_eq!(ends("<!DOCTYPE html>"), Some(End::Declaration));
        assert_eq!(ends("<![CDATA["), Some(End::Data));
        assert_eq!(ends("<PRE class='a'>"), Some(End::RawText));
        assert_eq!(ends("</div>text"), Some(End::Blank));
        assert_eq!(ends("<details open"), Some(End::Blank));
        assert_eq!(ends("<span a='b' c=d e/>  "), Some(End::BlankAfterAnyTag));
        assert_eq!(ends("</span >"), Some(End::BlankAfterAnyTag));
        for line in [
            "<span>text",
            "<http://a.b>",
            "<33>",
            "<a href='b\">",
            "< a>",
            "<a\"b\">",
        ] {
            assert_eq!(ends(line), None, "{line}");
        }
    }

    #[test]
    fn each_end_is_found_in_its_line() {
        assert!(End::RawText.is_in(b"a </Script> b"));
        assert!(!End::RawText.is_in(b"</scripts>"));
        assert!(End::Comment.is_in(b"a --> b"));
        assert!(End::Blank.is_in(b" \t"));
    }
}
