//! Resource names without the collection, which all rows of a table share.

/// Returns the part of a name after its collection: the id of a document, optionally with a chunk.
pub(crate) fn within<'a>(name: &'a str, collection: &str) -> &'a str {
    let within = name.strip_prefix(collection);
    let id = within.and_then(|within| within.strip_prefix("/documents/"));
    id.unwrap_or(name)
}
