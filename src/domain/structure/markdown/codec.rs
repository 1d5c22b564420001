//! The encoded form of a state between two lines.

use crate::domain::structure::codec::Reader;
use crate::domain::structure::markdown::container::{Container, DEPTH_MAX};
use crate::domain::structure::markdown::fence::Fence;
use crate::domain::structure::markdown::html::End;
use crate::domain::structure::markdown::leaf::Leaf;
use crate::domain::structure::markdown::state::State;

impl State {
    /// Appends the encoded form.
    pub fn encode(&self, to: &mut Vec<u8>) {
        to.push(u8::from(self.is_after_break));
        to.push(u8::try_from(self.containers.len()).unwrap_or(u8::MAX));
        for container in &self.containers {
            match container {
                Container::Quote => to.push(0),
                Container::Item {
                    mark,
                    indent,
                    is_empty,
                } => to.extend_from_slice(&[1, *mark, *indent, u8::from(*is_empty)]),
            }
        }
        match self.leaf {
            Leaf::None => to.push(0),
            Leaf::Paragraph { start, line, cells } => {
                to.push(1);
                to.extend_from_slice(&start.to_le_bytes());
                to.extend_from_slice(&line.to_le_bytes());
                to.extend_from_slice(&cells.to_le_bytes());
            }
            Leaf::Fence(Fence { mark, marks }) => to.extend_from_slice(&[2, mark, marks]),
            Leaf::Indented => to.push(3),
            Leaf::Html(end) => to.extend_from_slice(&[4, end.number()]),
            Leaf::Table => to.push(5),
            Leaf::FrontMatter(mark) => to.extend_from_slice(&[6, mark]),
        }
    }

    /// Returns the state that `from` begins with, and takes it off. Returns `None` if it is damaged.
    pub fn decode(from: &mut Reader<'_>) -> Option<Self> {
        let is_after_break = from.flag()?;
        let depth = usize::from(from.number()?);
        if depth > DEPTH_MAX {
            return None;
        }
        let containers = (0..depth).map(|_| container(from)).collect::<Option<_>>()?;
        Some(Self {
            containers,
            leaf: leaf(from)?,
            is_after_break,
        })
    }
}

fn container(from: &mut Reader<'_>) -> Option<Container> {
    match from.number()? {
        0 => Some(Container::Quote),
        1 => Some(Container::Item {
            mark: from.number()?,
            indent: from.number()?,
            is_empty: from.flag()?,
        }),
        _ => None,
    }
}

fn leaf(from: &mut Reader<'_>) -> Option<Leaf> {
    Some(match from.number()? {
        0 => Leaf::None,
        1 => Leaf::Paragraph {
            start: u64::from_le_bytes(from.array()?),
            line: u64::from_le_bytes(from.array()?),
            cells: u16::from_le_bytes(from.array()?),
        },
        2 => Leaf::Fence(Fence {
            mark: from.number()?,
            marks: from.number()?,
        }),
        3 => Leaf::Indented,
        4 => Leaf::Html(End::from_number(from.number()?)?),
        5 => Leaf::Table,
        6 => Leaf::FrontMatter(from.number()?),
        _ => return None,
    })
}
