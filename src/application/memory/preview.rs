//! Estimates of the memory for cutting a small text, by its length.

use crate::domain::chunking::loaded_spec::LoadedSpec;
use crate::domain::ingest::engine::{BATCH_BYTES_MIN, Engine};
use crate::domain::structure::context;
use crate::domain::text::encoding::decoding::Decoding;

/// The memory of any call: its tasks, an engine, and a batch that has just begun.
const BASE_BYTES: usize = 64 * 1024;
/// The memory of an engine for each byte of a source: the byte itself, its text in up to three bytes, buffers that
/// have doubled their capacity, and the map between text and source.
const ENGINE_BYTES_EACH: usize = 40;
/// The same if the text equals the source byte by byte.
const VERBATIM_BYTES_EACH: usize = 8;
/// The further memory of a comparison for each byte: its text in up to three bytes, in a buffer that has doubled its
/// capacity.
const COMPARED_BYTES_EACH: usize = 6;
/// Each chunk advances the text by at least one twenty-fourth of the largest chunk size. With blocks, two chunks do so
/// together.
const CHUNK_PART: usize = 24;
/// The size of a chunk in a response besides its text and context.
pub const CHUNK_BYTES: usize = 256;

/// Returns the most bytes that an engine holds while it cuts `content` bytes.
#[must_use]
pub fn engine_bytes(spec: &LoadedSpec, decoding: Decoding, content: usize) -> usize {
    let each = if decoding.is_verbatim() {
        VERBATIM_BYTES_EACH
    } else {
        ENGINE_BYTES_EACH
    };
    let most = Engine::memory_bytes_max(spec, BATCH_BYTES_MIN);
    BASE_BYTES + content.saturating_mul(each).min(most)
}

/// Returns the most bytes that a preview of `content` bytes takes. The response has all of its chunks, up to
/// `response_max` bytes.
#[must_use]
pub fn preview_bytes(
    spec: &LoadedSpec,
    decoding: Decoding,
    content: usize,
    response_max: usize,
) -> usize {
    let limits = spec.spec().limits();
    let text = if decoding.is_verbatim() {
        content
    } else {
        3 * content
    };
    let (part, chunk_bytes) = match spec.spec().strategy().format() {
        None => (CHUNK_PART, CHUNK_BYTES),
        Some(_) => (2 * CHUNK_PART, CHUNK_BYTES + context::BYTES_MAX),
    };
    // The last chunk of each parent may be small. Each level of parents has at most half as many chunks as the next one.
    let (part, chunk_bytes) = if spec.spec().parents().is_empty() {
        (part, chunk_bytes)
    } else {
        (2 * part, chunk_bytes + CHUNK_BYTES)
    };
    let least = (limits.max_size().min(limits.max_bytes()) / part).max(1);
    // An overlap is at most two thirds of a chunk. The response is built, then encoded.
    let response = 3 * text + (text / least + 1).saturating_mul(chunk_bytes);
    content + engine_bytes(spec, decoding, content) + 2 * response.min(response_max)
}

/// Returns the most bytes that a comparison of specs for `content` bytes takes.
#[must_use]
pub fn comparison_bytes(specs: &[LoadedSpec], decoding: Decoding, content: usize) -> usize {
    let engines = specs.iter();
    let engines = engines.map(|spec| engine_bytes(spec, decoding, content));
    engines.max().unwrap_or(BASE_BYTES) + content.saturating_mul(COMPARED_BYTES_EACH)
}

#[cfg(test)]
mod tests {
    use super::preview_bytes;
    use crate::domain::chunking::loaded_spec::LoadedSpec;
    use crate::domain::text::encoding::decoding::Decoding;

    #[test]
    fn the_memory_of_a_preview_grows_with_its_text() {
        let spec = LoadedSpec::default();
        let decoding = Decoding::default();
        let bytes = |content| preview_bytes(&spec, decoding, content, 3 << 20);
        assert!(bytes(3) < 70_000, "{}", bytes(3));
        assert!(bytes(100_000) < 3_000_000, "{}", bytes(100_000));
        let large = bytes(1 << 20);
        assert!((6 << 20..12 << 20).contains(&large), "{large}");
    }
}
