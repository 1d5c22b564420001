//! Resource names and page tokens on the wire.

use std::fmt;

use uuid::Uuid;

use crate::application::catalog::collections::Delete;
use crate::application::error::Error;
use crate::application::request::Request;
use crate::domain::names::resource::{CollectionId, DocumentName, TenantId};
use crate::domain::names::uid::{KeyUid, OperationUid};

/// Parses `collections/{collection}`.
///
/// # Errors
///
/// Fails with the field's name if `name` has another form.
pub fn collection(field: &'static str, name: &str) -> Result<CollectionId, Error> {
    CollectionId::parse_name(name).map_err(|error| Error::invalid(field, error))
}

/// Parses `collections/{collection}/documents/{document}`.
///
/// # Errors
///
/// Fails with the field's name if `name` has another form.
pub fn document(field: &'static str, name: &str) -> Result<DocumentName, Error> {
    DocumentName::parse(name).map_err(|error| Error::invalid(field, error))
}

/// Parses `{collection}/{uuid}`, such as `uploads/…`.
///
/// # Errors
///
/// Fails with the field's name if `name` has another form.
pub fn uid(field: &'static str, collection: &str, name: &str) -> Result<OperationUid, Error> {
    let invalid = || Error::invalid(field, format!("must have the form {collection}/{{uuid}}"));
    let id = name
        .strip_prefix(collection)
        .and_then(|rest| rest.strip_prefix('/'));
    let uid = uuid(id.ok_or_else(invalid)?).ok_or_else(invalid)?;
    Ok(uid.into())
}

/// Parses `tenants/{tenant}`.
///
/// # Errors
///
/// Fails with the field's name if `name` has another form.
pub fn tenant(field: &'static str, name: &str) -> Result<TenantId, Error> {
    TenantId::parse_name(name).map_err(|error| Error::invalid(field, error))
}

/// Parses `tenants/{tenant}/apiKeys/{uuid}`.
///
/// # Errors
///
/// Fails with the field's name if `name` has another form.
pub fn api_key(field: &'static str, name: &str) -> Result<(TenantId, KeyUid), Error> {
    let invalid = || Error::invalid(field, "must have the form tenants/{tenant}/apiKeys/{uuid}");
    let (tenant, id) = name.split_once("/apiKeys/").ok_or_else(invalid)?;
    let tenant = TenantId::parse_name(tenant).map_err(|_form| invalid())?;
    let uid = uuid(id).ok_or_else(invalid)?;
    Ok((tenant, uid.into()))
}

/// Parses a UUID in the form of RFC 9562. `None` if it has another form.
#[must_use]
pub fn uuid(id: &str) -> Option<[u8; 16]> {
    let is_hyphenated = id.len() == 36;
    Uuid::try_parse(id)
        .ok()
        .filter(|_| is_hyphenated)
        .map(Uuid::into_bytes)
}

/// Returns the name of a resource that is named by its uid, such as an upload, an operation or a key.
#[must_use]
pub fn of_uid(collection: &str, uid: &impl fmt::Display) -> String {
    format!("{collection}/{uid}")
}

/// Parses the client's request id. `None` if it is empty.
///
/// # Errors
///
/// Fails if it is not a UUID.
pub fn request_id(id: &str) -> Result<Option<OperationUid>, Error> {
    let invalid = || Error::invalid("request_id", "must be a UUID");
    if id.is_empty() {
        return Ok(None);
    }
    Ok(Some(uuid(id).ok_or_else(invalid)?.into()))
}

/// Returns the etag of a revision: opaque to clients.
#[must_use]
pub fn etag(revision: u64) -> String {
    format!("\"{revision:x}\"")
}

/// Parses the etag that a client expects. `None` if it is empty.
///
/// # Errors
///
/// Fails with the field's name if the etag has not the form of an etag.
pub fn revision(field: &'static str, etag: &str) -> Result<Option<u64>, Error> {
    if etag.is_empty() {
        return Ok(None);
    }
    let revision = u64::from_str_radix(etag.trim_matches('"'), 16).ok();
    let invalid = || Error::invalid(field, "must be one that a response had");
    let given = revision.filter(|revision| self::etag(*revision) == etag);
    Ok(Some(given.ok_or_else(invalid)?))
}

/// Returns the conditions of a deletion: its request id and the expected revision.
///
/// # Errors
///
/// Fails with the field that is wrong.
pub fn delete(etag: &str, request: Request) -> Result<Delete, Error> {
    Ok(Delete {
        request,
        revision: revision("etag", etag)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{etag, revision, uuid};

    #[test]
    fn an_etag_is_parsed_back_and_other_texts_are_refused() {
        assert_eq!(revision("etag", &etag(77)).unwrap(), Some(77));
        assert_eq!(revision("etag", "").unwrap(), None);
        for wrong in [
            "77", "\"\"", "\"x\"", "W/\"1\"", "\"+1\"", "\"01\"", "\"A\"",
        ] {
            assert!(revision("etag", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_the_hyphenated_form_is_a_uuid() {
        assert!(uuid("018f2f6e-7b1a-7c3d-8e4f-0123456789ab").is_some());
        for id in [
            "",
            "018f2f6e7b1a7c3d8e4f0123456789ab",
            "{018f2f6e-7b1a-7c3d-8e4f-0123456789ab}",
        ] {
            assert!(uuid(id).is_none(), "{id}");
        }
    }
}
