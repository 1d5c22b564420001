//! Any text as a name: an accepted name is written back unchanged, so that no resource has two names.

use sluice::domain::names::chunk_name::ChunkName;
use sluice::domain::names::document_id;
use sluice::domain::names::resource::{CollectionId, DocumentId, DocumentName};
use sluice::interface::grpc::resource_name;

/// Checks a text as every kind of name.
pub(crate) fn check(bytes: &[u8]) {
    // Every path has an id, except those of folders.
    if let Ok(id) = document_id::of_path(bytes) {
        assert_eq!(DocumentId::parse(id.as_str()).as_ref(), Ok(&id));
    } else {
        assert!(matches!(bytes, b"" | b"." | b".."));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(id) = CollectionId::parse(text) {
        assert_eq!(id.as_str(), text);
        assert_eq!(CollectionId::parse_name(&id.to_string()), Ok(id));
    }
    if let Ok(id) = DocumentId::parse(text) {
        assert_eq!(id.as_str(), text);
    }
    if let Ok(name) = DocumentName::parse(text) {
        assert_eq!(name.to_string(), text);
    }
    if let Ok(name) = ChunkName::parse(text) {
        assert_eq!(name.to_string(), text);
    }
    if let Ok(uid) = resource_name::uid("upload", "uploads", text) {
        // RFC 9562, 4: UUIDs are written in lower case, and read in any case.
        let written = resource_name::of_uid("uploads", &uid);
        assert!(written.eq_ignore_ascii_case(text));
    }
    if let Ok(Some(revision)) = resource_name::revision("etag", text) {
        assert_eq!(resource_name::etag(revision), text);
    }
}
