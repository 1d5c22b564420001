//! How large requests may be. A length is believed before its bytes are there, so each method's limit
//! is as low as it can be.

/// Messages of uploads have 256 KiB of content, and what is around it.
pub const UPLOAD_BYTES_MAX: usize = 320 * 1024;
/// Previews have 1 MiB. Its service has the streams too, whose content is bounded again.
pub const PREVIEW_BYTES_MAX: usize = 1088 * 1024;
/// All other requests are names and numbers.
pub const BYTES_MAX: usize = 64 * 1024;

/// The largest request of a method, by its path: each service has one limit.
#[must_use]
pub fn bytes_max(path: &str) -> usize {
    match path.split('/').nth(1) {
        Some("sluice.v1.ChunkingService") => PREVIEW_BYTES_MAX,
        Some("sluice.v1.UploadService") => UPLOAD_BYTES_MAX,
        _ => BYTES_MAX,
    }
}
