//! The structure of a chunk as stored: a kind, flags, and a context and sections as JSON.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::application::store_error::Error;
use crate::domain::ingest::batch::Chunk;
use crate::domain::structure::context::{Context, Heading};
use crate::domain::structure::kind::Kind;
use crate::domain::structure::section::{SectionStart, Sections};
use crate::domain::structure::tracker::Structure;
use crate::domain::text::position::Position;
use crate::infrastructure::columns::{Columns, damaged, from_json, to_json};
use crate::infrastructure::rows::parents;

/// The bit of `flags` of a chunk that has a part of a cut block.
const CONTINUES: i32 = 1;
/// The bit of `flags` of a chunk of white space only.
const BLANK: i32 = 2;

/// The values of the columns that hold a chunk's structure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Columned {
    pub(crate) kind: i32,
    pub(crate) flags: i32,
    /// The context as JSON. `None` means that it is empty.
    pub(crate) context: Option<Arc<str>>,
    /// The sections as JSON. `None` means that there are none.
    pub(crate) sections: Option<String>,
    /// The parents. `None` means that there are no levels.
    pub(crate) parents: Option<Vec<u8>>,
    /// The number of tokens. `None` means that they were not counted.
    pub(crate) tokens: Option<i32>,
    /// The key. `None` means that it is the digest of the text.
    pub(crate) key: Option<[u8; 32]>,
}

/// Returns the column values of the chunks of a batch. Neighbours with the same context share its JSON.
pub(crate) fn columned(chunks: &[Chunk]) -> Result<Vec<Columned>, Error> {
    let mut last = None;
    let mut columned = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let structure = &chunk.structure;
        let context = match (&structure.context, &last) {
            (None, _) => None,
            (Some(context), Some((of, json))) if context == *of => Some(Arc::clone(json)),
            (Some(context), _) => {
                let json = encoded(context)?;
                last = Some((context, Arc::clone(&json)));
                Some(json)
            }
        };
        columned.push(Columned {
            kind: i32::from(structure.kind.number()),
            flags: CONTINUES * i32::from(structure.continues)
                + BLANK * i32::from(structure.is_blank),
            context,
            sections: encoded_sections(chunk)?,
            parents: parents::encoded(chunk),
            // A chunk has at most 512 KiB, so the number is far from the largest.
            tokens: chunk.tokens.and_then(|tokens| i32::try_from(tokens).ok()),
            key: Some(chunk.key).filter(|key| *key != chunk.sha256),
        });
    }
    Ok(columned)
}

/// Reads the structure of a chunk from its row. The chunk begins at `start`.
pub(crate) fn structure(found: &impl Columns, start: Position) -> Result<Structure, Error> {
    let kind = u8::try_from(found.small("kind")?)
        .ok()
        .and_then(Kind::from_number);
    let flags = found.small("flags")?;
    let has = |bit: i32| flags & bit.unsigned_abs() != 0;
    let json = found.text_if_any("context")?;
    let context = json.map(|json| decoded(&json).map(Arc::new));
    let json = found.text_if_any("sections")?;
    let sections = json.map(|json| decoded_sections(&json, start).map(Box::new));
    Ok(Structure {
        kind: kind.ok_or_else(|| damaged("a kind of chunk"))?,
        continues: has(CONTINUES),
        is_blank: has(BLANK),
        context: context.transpose()?,
        sections: sections.transpose()?,
    })
}

/// The JSON of a context.
#[derive(Deserialize, Serialize)]
struct Json {
    section: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headings: Vec<(u8, String)>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    introduction: String,
}

fn encoded(context: &Context) -> Result<Arc<str>, Error> {
    let headings = context.headings.iter();
    // PostgreSQL has no U+0000 in text. JSON escapes it.
    let json = to_json(&Json {
        section: context.section,
        headings: headings
            .map(|heading| (heading.level, heading.title.clone()))
            .collect(),
        introduction: context.introduction.clone(),
    })?;
    Ok(json.into())
}

fn decoded(json: &str) -> Result<Context, Error> {
    let json: Json = from_json(json)?;
    let headings = json.headings.into_iter();
    Ok(Context {
        section: json.section,
        headings: headings
            .map(|(level, title)| Heading { level, title })
            .collect(),
        introduction: json.introduction,
    })
}

/// The JSON of the sections that begin in a chunk.
#[derive(Deserialize, Serialize)]
struct SectionsJson {
    /// The number, the start as byte, character, line and source byte after the chunk's start, the level and the title.
    listed: Vec<(u64, [u64; 4], u8, String)>,
    #[serde(default, skip_serializing_if = "is_zero")]
    omitted: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn encoded_sections(chunk: &Chunk) -> Result<Option<String>, Error> {
    let Some(sections) = &chunk.structure.sections else {
        return Ok(None);
    };
    let from = chunk.span.start.units();
    let listed = sections.listed.iter().map(|section| {
        let start = section.start.units();
        let start = std::array::from_fn(|unit| start[unit] - from[unit]);
        let Heading { level, title } = &section.heading;
        (section.number, start, *level, title.clone())
    });
    let json = to_json(&SectionsJson {
        listed: listed.collect(),
        omitted: sections.omitted,
    });
    json.map(Some)
}

fn decoded_sections(json: &str, from: Position) -> Result<Sections, Error> {
    let from = from.units();
    let json: SectionsJson = from_json(json)?;
    let listed = json
        .listed
        .into_iter()
        .map(|(number, start, level, title)| {
            let start = std::array::from_fn(|unit| from[unit].saturating_add(start[unit]));
            SectionStart {
                number,
                start: Position::of_units(start),
                heading: Heading { level, title },
            }
        });
    Ok(Sections {
        listed: listed.collect(),
        omitted: json.omitted,
    })
}
