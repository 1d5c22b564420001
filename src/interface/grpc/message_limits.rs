//! The largest requests. A declared length is trusted before its bytes arrive, so the limit of each method is as low
//! as possible.

/// Messages of uploads have 256 KiB of content, and some fields around it.
pub const UPLOAD_BYTES_MAX: usize = 320 * 1024;
/// Previews have 1 MiB of content. Their service has the streams too, whose content has a limit of its own.
pub const PREVIEW_BYTES_MAX: usize = 1088 * 1024;
/// All other requests are names and numbers.
pub const BYTES_MAX: usize = 64 * 1024;

/// Returns the largest request of a method, by its path: each service has one limit.
#[must_use]
pub fn bytes_max(path: &str) -> usize {
    match path.split('/').nth(1) {
        Some("sluice.v1.ChunkingService") => PREVIEW_BYTES_MAX,
        Some("sluice.v1.UploadService") => UPLOAD_BYTES_MAX,
        _ => BYTES_MAX,
    }
}
