//! Resource names and page tokens on the wire.

use std::fmt::Write;

use uuid::Uuid;

use crate::application::error::Error;
use crate::application::ports::clock::Uid;
use crate::domain::name::{CollectionId, DocumentName};

/// Parses `collections/{collection}`.
///
/// # Errors
///
/// Fails with the field's name if it is anything else.
pub fn collection(field: &'static str, name: &str) -> Result<CollectionId, Error> {
    CollectionId::parse_name(name).map_err(|error| Error::invalid(field, error))
}

/// Parses `collections/{collection}/documents/{document}`.
///
/// # Errors
///
/// Fails with the field's name if it is anything else.
pub fn document(field: &'static str, name: &str) -> Result<DocumentName, Error> {
    DocumentName::parse(name).map_err(|error| Error::invalid(field, error))
}

/// Parses `{collection}/{uuid}`, such as `uploads/…`.
///
/// # Errors
///
/// Fails with the field's name if it is anything else.
pub fn uid(field: &'static str, collection: &str, name: &str) -> Result<Uid, Error> {
    let invalid = || Error::invalid(field, format!("must have the form {collection}/{{uuid}}"));
    let id = name
        .strip_prefix(collection)
        .and_then(|rest| rest.strip_prefix('/'));
    uuid(id.ok_or_else(invalid)?).ok_or_else(invalid)
}

/// Parses a UUID as RFC 9562 writes it.
#[must_use]
pub fn uuid(id: &str) -> Option<Uid> {
    let is_hyphenated = id.len() == 36;
    Uuid::try_parse(id)
        .ok()
        .filter(|_| is_hyphenated)
        .map(Uuid::into_bytes)
}

/// The name of an upload or operation.
#[must_use]
pub fn of_uid(collection: &str, uid: &Uid) -> String {
    format!("{collection}/{}", Uuid::from_bytes(*uid))
}

/// A page token for the row that the next page comes after.
#[must_use]
pub fn page_token(after: Option<&str>) -> String {
    after
        .unwrap_or_default()
        .bytes()
        .fold(String::new(), |mut token, byte| {
            // A string takes everything.
            let _infallible = write!(token, "{byte:02x}");
            token
        })
}

/// The row that a page comes after; the empty string for the first page.
///
/// # Errors
///
/// Fails if the token was not made by [`page_token`].
pub fn page_after(token: &str) -> Result<String, Error> {
    let invalid = || Error::invalid("page_token", "must be one that a response had");
    let digits = token.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    if !is_hex || !rest.is_empty() || pairs.len() > 255 {
        return Err(invalid());
    }
    let byte = |pair: &[u8; 2]| {
        let pair = str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    };
    let bytes = pairs
        .iter()
        .map(byte)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(invalid)?;
    String::from_utf8(bytes).map_err(|_not_text| invalid())
}

#[cfg(test)]
mod tests {
    use super::{page_after, page_token, uuid};

    #[test]
    fn a_page_token_leads_back_and_others_are_refused() {
        assert_eq!(
            page_after(&page_token(Some("a-document.txt"))).unwrap(),
            "a-document.txt"
        );
        assert_eq!(page_after("").unwrap(), "");
        for token in ["0", "zz", "ff", "+1"] {
            assert!(page_after(token).is_err(), "{token}");
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
