//! Checkpoints, from which any instance can resume an ingest.
//!
//! All fields of a checkpoint describe one byte of the source, the earliest that a later chunk needs (overlap
//! included). A checkpoint never holds text; the client sends that text again.
//!
//! The encoded form has at most [`ENCODED_BYTES_MAX`] bytes: a version, and then the fields in order, numbers in
//! little-endian order. Without structure it always has [`ENCODED_BYTES`] bytes. A checkpoint of another version or another spec is rejected, because its chunks would differ
//! from those of an uninterrupted run.

use crate::domain::chunking::cut::ResumePoint;
use crate::domain::chunking::open_parents::OpenParents;
use crate::domain::chunking::spec::levels::PARENTS_MAX;
use crate::domain::ingest::digest::{self, Running, STATE_BYTES};
use crate::domain::ingest::suspended_parents::SuspendedParents;
use crate::domain::structure::codec::Reader;
use crate::domain::structure::tracker;
use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoder::Choice;
use crate::domain::text::position::Position;

/// The version of the engine, which is raised whenever the same bytes and spec would give other chunks than before.
pub const ENGINE_VERSION: u32 = 6;

/// The length of an encoded checkpoint without structure and levels, in bytes.
pub const ENCODED_BYTES: usize =
    4 + 2 * 32 + 7 * 8 + CHARSET_BYTES + STATE_BYTES + 1 + ENDS_BYTES + 1 + CHECK_BYTES;

/// The bytes of the ends and tokens of open parents.
const ENDS_BYTES: usize = PARENTS_MAX * (8 + 4);
/// Takes the place of a number of tokens that were not counted.
const NOT_COUNTED: u32 = u32::MAX;

/// The most bytes of an encoded checkpoint: that of six headings, an introduction, the open blocks and three parents.
pub const ENCODED_BYTES_MAX: usize = 4 * 1024;

/// The bytes for a charset's name; the longest is `x-mac-cyrillic`.
const CHARSET_BYTES: usize = 16;

/// Takes the place of a charset's name while only ASCII was decoded.
const ASCII_UNTIL_NOW: &str = "undecided";

/// The length of the check: the first bytes of the SHA-256 of all bytes before it. It detects damage.
const CHECK_BYTES: usize = 8;

/// The state that decides the rest of a document's chunks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The digest of everything that the user chose.
    pub spec_sha256: [u8; 32],
    /// The place where the next chunk begins. `place.position.source` is the `committed_offset`.
    pub place: ResumePoint,
    /// The digest of the text after the place that the last chunk covers. The client sends that text again, and it
    /// must be the same.
    pub covered_sha256: [u8; 32],
    /// The next chunk's ordinal.
    pub next_ordinal: u64,
    /// The number of faults before the place that were replaced by U+FFFD.
    pub replaced: u64,
    /// The unfinished parents.
    pub parents: SuspendedParents,
    /// The state of the unfinished digest of the source before the place.
    pub digest: [u8; STATE_BYTES],
}

/// The ingest cannot resume from the checkpoint.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The checkpoint is of another version of the engine.
    #[error(
        "the checkpoint is of engine version {found}, not {ENGINE_VERSION}; start again from byte 0"
    )]
    Version {
        /// The version in the checkpoint.
        found: u32,
    },
    /// The checkpoint is of another spec or decoding policy.
    #[error(
        "the checkpoint was made with another chunking spec or decoding policy; use the same, or start again from byte 0"
    )]
    Spec,
    /// The bytes are not a checkpoint.
    #[error("the checkpoint is damaged: {what}")]
    Damaged {
        /// The damaged part.
        what: &'static str,
    },
}

impl Checkpoint {
    /// Returns the SHA-256 of the source before the committed offset.
    ///
    /// # Errors
    ///
    /// Fails if the digest's state is damaged.
    pub fn source_sha256(&self) -> Result<[u8; 32], Error> {
        let running = Running::resume(&self.digest);
        running
            .map(|running| running.sha256())
            .ok_or(Error::Damaged {
                what: "digest state",
            })
    }

    /// Returns the encoded form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Self {
            spec_sha256,
            place,
            covered_sha256,
            next_ordinal,
            replaced,
            parents,
            digest,
        } = self;
        let ResumePoint {
            position,
            covered,
            choice,
            structure,
            parents: open,
        } = place;
        let Position {
            byte,
            character,
            line,
            source,
        } = *position;
        let mut encoded = Vec::with_capacity(ENCODED_BYTES);
        encoded.extend_from_slice(&ENGINE_VERSION.to_le_bytes());
        encoded.extend_from_slice(spec_sha256);
        encoded.extend_from_slice(covered_sha256);
        for number in [
            byte,
            character,
            line,
            source,
            *covered as u64,
            *next_ordinal,
            *replaced,
        ] {
            encoded.extend_from_slice(&number.to_le_bytes());
        }
        let mut name = [0; CHARSET_BYTES];
        for (to, from) in name.iter_mut().zip(name_of(*choice).bytes()) {
            *to = from;
        }
        encoded.extend_from_slice(&name);
        encoded.extend_from_slice(digest);
        encoded.push(u8::from(structure.is_some()));
        if let Some(structure) = structure {
            structure.encode(&mut encoded);
        }
        for (end, tokens) in open.ends().into_iter().zip(open.tokens()) {
            encoded.extend_from_slice(&(end as u64).to_le_bytes());
            encoded.extend_from_slice(&tokens.unwrap_or(NOT_COUNTED).to_le_bytes());
        }
        parents.encode(&mut encoded);
        encoded.extend_from_slice(&check(&encoded));
        encoded
    }

    /// Decodes the encoded form.
    ///
    /// # Errors
    ///
    /// Fails if the version differs, or the bytes are not a checkpoint.
    pub fn decode(encoded: &[u8]) -> Result<Self, Error> {
        let mut rest = encoded;
        let found = u32::from_le_bytes(take(&mut rest, "version")?);
        if found != ENGINE_VERSION {
            return Err(Error::Version { found });
        }
        let spec_sha256 = take(&mut rest, "spec digest")?;
        let covered_sha256 = take(&mut rest, "digest of covered text")?;
        let mut number = |what| take(&mut rest, what).map(u64::from_le_bytes);
        let byte = number("byte")?;
        let character = number("character")?;
        let line = number("line")?;
        let position = Position {
            byte,
            character,
            line,
            source: number("source")?,
        };
        let covered = number("covered")?;
        let next_ordinal = number("next ordinal")?;
        let replaced = number("replaced")?;
        let choice = choice_of(take(&mut rest, "charset")?)?;
        let digest = take(&mut rest, "digest state")?;
        let structure = structure_of(&mut rest, byte)?;
        let (open, parents) = parents_of(&mut rest)?;
        let checked = encoded.len() - rest.len();
        let found: [u8; CHECK_BYTES] = take(&mut rest, "check")?;
        if !rest.is_empty() {
            return Err(Error::Damaged { what: "length" });
        }
        if found != check(&encoded[..checked]) {
            return Err(Error::Damaged { what: "check" });
        }
        let covered =
            usize::try_from(covered).map_err(|_too_large| Error::Damaged { what: "covered" })?;
        let place = ResumePoint {
            position,
            covered,
            choice,
            structure,
            parents: open,
        };
        Ok(Self {
            spec_sha256,
            place,
            covered_sha256,
            next_ordinal,
            replaced,
            parents,
            digest,
        })
    }
}

fn structure_of(rest: &mut &[u8], byte: u64) -> Result<Option<Box<tracker::Place>>, Error> {
    let damaged = || Error::Damaged { what: "structure" };
    let mut reader = Reader(rest);
    let has_structure = reader.flag().ok_or_else(damaged)?;
    let structure = if has_structure {
        let structure = tracker::Place::decode(&mut reader, byte);
        Some(Box::new(structure.ok_or_else(damaged)?))
    } else {
        None
    };
    *rest = reader.0;
    Ok(structure)
}

fn parents_of(rest: &mut &[u8]) -> Result<(OpenParents, SuspendedParents), Error> {
    let damaged = || Error::Damaged { what: "parents" };
    let mut reader = Reader(rest);
    let mut ends = [0; PARENTS_MAX];
    let mut tokens = [None; PARENTS_MAX];
    for (end, tokens) in ends.iter_mut().zip(&mut tokens) {
        let bytes = u64::from_le_bytes(reader.array().ok_or_else(damaged)?);
        *end = usize::try_from(bytes).map_err(|_too_large| damaged())?;
        let counted = u32::from_le_bytes(reader.array().ok_or_else(damaged)?);
        *tokens = (counted != NOT_COUNTED).then_some(counted);
    }
    let open = OpenParents::new(ends, tokens).ok_or_else(damaged)?;
    let parents = SuspendedParents::decode(&mut reader).ok_or_else(damaged)?;
    *rest = reader.0;
    Ok((open, parents))
}

fn name_of(choice: Choice) -> &'static str {
    match choice {
        Choice::Start => "",
        Choice::Ascii => ASCII_UNTIL_NOW,
        Choice::Charset(charset) => charset.name(),
    }
}

fn choice_of(name: [u8; CHARSET_BYTES]) -> Result<Choice, Error> {
    let damaged = Error::Damaged { what: "charset" };
    let name = str::from_utf8(&name)
        .map_err(|_not_text| damaged.clone())?
        .trim_end_matches('\0');
    match name {
        "" => Ok(Choice::Start),
        ASCII_UNTIL_NOW => Ok(Choice::Ascii),
        name => Charset::from_label(name)
            .map(Choice::Charset)
            .map_err(|_unknown| damaged),
    }
}

fn check(encoded: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = digest::sha256(encoded);
    std::array::from_fn(|at| digest[at])
}

fn take<const N: usize>(rest: &mut &[u8], what: &'static str) -> Result<[u8; N], Error> {
    let (taken, others) = rest.split_first_chunk().ok_or(Error::Damaged { what })?;
    *rest = others;
    Ok(*taken)
}

#[cfg(test)]
mod tests {
    use super::{Checkpoint, ENCODED_BYTES, Error};
    use crate::domain::chunking::cut::ResumePoint;
    use crate::domain::chunking::open_parents::OpenParents;
    use crate::domain::ingest::digest::Running;
    use crate::domain::ingest::suspended_parents::SuspendedParents;
    use crate::domain::text::encoding::charset::Charset;
    use crate::domain::text::encoding::decoder::Choice;
    use crate::domain::text::position::Position;

    fn checkpoint() -> Checkpoint {
        let position = Position {
            byte: 7,
            character: 6,
            line: 5,
            source: u64::MAX,
        };
        let place = ResumePoint {
            position,
            covered: 3,
            choice: Choice::Charset(Charset::from_label("x-mac-cyrillic").unwrap()),
            structure: None,
            parents: OpenParents::default(),
        };
        let digest = Running::default().state();
        Checkpoint {
            spec_sha256: [9; 32],
            place,
            covered_sha256: [8; 32],
            next_ordinal: 2,
            replaced: 1,
            parents: SuspendedParents::default(),
            digest,
        }
    }

    #[test]
    fn a_checkpoint_survives_encoding_and_decoding() {
        let choices = [
            Choice::Start,
            Choice::Ascii,
            Choice::Charset(Charset::UTF_32BE),
            checkpoint().place.choice,
        ];
        for choice in choices {
            let mut checkpoint = checkpoint();
            checkpoint.place.choice = choice;
            let encoded = checkpoint.encode();
            assert_eq!(encoded.len(), ENCODED_BYTES);
            assert_eq!(Checkpoint::decode(&encoded), Ok(checkpoint));
        }
    }

    #[test]
    fn bytes_that_are_no_checkpoint_of_this_version_are_refused() {
        let encoded = checkpoint().encode();
        let cut = Checkpoint::decode(&encoded[..encoded.len() - 1]);
        assert_eq!(cut, Err(Error::Damaged { what: "check" }));
        let longer = [encoded.as_slice(), &[0]].concat();
        assert_eq!(
            Checkpoint::decode(&longer),
            Err(Error::Damaged { what: "length" })
        );
        let mut newer = encoded;
        newer[0] = 200;
        assert_eq!(
            Checkpoint::decode(&newer),
            Err(Error::Version { found: 200 })
        );
    }

    #[test]
    fn damage_to_any_byte_is_noticed() {
        let encoded = checkpoint().encode();
        for at in 0..encoded.len() {
            let mut damaged = encoded.clone();
            damaged[at] ^= 0x10;
            assert!(Checkpoint::decode(&damaged).is_err(), "byte {at}");
        }
    }
}
