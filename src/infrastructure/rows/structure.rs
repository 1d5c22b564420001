//! The structure of a chunk as stored: a kind, flags, and a context as JSON.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::application::ports::store_error::Error;
use crate::domain::ingest::batch::Chunk;
use crate::domain::structure::context::{Context, Heading};
use crate::domain::structure::kind::Kind;
use crate::domain::structure::tracker::Structure;
use crate::infrastructure::columns::{Columns, damaged};

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
            key: Some(chunk.key).filter(|key| *key != chunk.sha256),
        });
    }
    Ok(columned)
}

/// Reads the structure of a chunk from its row.
pub(crate) fn structure(found: &impl Columns) -> Result<Structure, Error> {
    let kind = u8::try_from(found.small("kind")?)
        .ok()
        .and_then(Kind::from_number);
    let flags = found.small("flags")?;
    let has = |bit: i32| flags & bit.unsigned_abs() != 0;
    let json = found.text_if_any("context")?;
    let context = json.map(|json| decoded(&json).map(Arc::new));
    Ok(Structure {
        kind: kind.ok_or_else(|| damaged("a kind of chunk"))?,
        continues: has(CONTINUES),
        is_blank: has(BLANK),
        context: context.transpose()?,
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
    let json = serde_json::to_string(&Json {
        section: context.section,
        headings: headings
            .map(|heading| (heading.level, heading.title.clone()))
            .collect(),
        introduction: context.introduction.clone(),
    });
    // PostgreSQL has no U+0000 in text. JSON escapes it.
    let json = json.map_err(|_error| damaged("a context"))?;
    Ok(json.into())
}

fn decoded(json: &str) -> Result<Context, Error> {
    let json: Json = serde_json::from_str(json).map_err(|_error| damaged("a context"))?;
    let headings = json.headings.into_iter();
    Ok(Context {
        section: json.section,
        headings: headings
            .map(|(level, title)| Heading { level, title })
            .collect(),
        introduction: json.introduction,
    })
}
