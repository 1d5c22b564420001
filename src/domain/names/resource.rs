//! The names of resources. A name is parsed once at the boundary, and valid from then on.

use std::fmt;

use unicode_normalization::is_nfc;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::domain::names::unseen::is_unseen;

/// The longest id of a collection or a tenant in bytes, as for a DNS label.
const LABEL_BYTES_MAX: usize = 63;
/// The longest principal in bytes: an e-mail address fits.
const PRINCIPAL_BYTES_MAX: usize = 255;
/// The longest id of a document in bytes, as for file names on most systems.
pub(crate) const DOCUMENT_BYTES_MAX: usize = 255;

/// The last part of a collection's name: 1 to 63 characters of a-z, 0-9 and `-`, a letter first.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CollectionId(String);

/// The last part of a document's name: 1 to 255 bytes of letters, marks and digits of any script, `-`, `_`, `.` and
/// `~`, in NFC (UAX #15), and neither `.` nor `..`. Each id has one spelling.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DocumentId(String);

/// The last part of a tenant's name, with the rules of [`CollectionId`].
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TenantId(String);

/// The name of a caller within a tenant: 1 to 255 visible ASCII characters, such as an e-mail address.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Principal(String);

/// The name `collections/{collection}/documents/{document}`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct DocumentName {
    /// The collection's id.
    pub collection: CollectionId,
    /// The document's id within the collection.
    pub document: DocumentId,
}

/// The error of a bad name. It does not repeat the input, which may contain anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The id of a collection or a tenant is not valid.
    #[error("must be 1 to 63 characters of a-z, 0-9 and -, a letter first")]
    Label,
    /// The principal is not valid.
    #[error("must be 1 to 255 visible characters of ASCII")]
    Principal,
    /// The id of a document is not valid.
    #[error("must be 1 to 255 bytes of letters, marks, digits, -, _, . and ~, and not . or ..")]
    DocumentId,
    /// The id of a document is not in NFC.
    #[error("must be in Unicode normalization form C: convert it to NFC before it is sent")]
    DocumentIdForm,
    /// The resource name is not of the expected kind.
    #[error("must have the form {form}")]
    Form {
        /// The expected form.
        form: &'static str,
    },
}

impl CollectionId {
    /// The id of the collection that every tenant has.
    pub const DEFAULT: &str = "default";

    /// Whether it is [`CollectionId::DEFAULT`].
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.0 == Self::DEFAULT
    }

    /// Parses an id.
    ///
    /// # Errors
    ///
    /// Fails if the id is too long, or has a character that is not allowed.
    pub fn parse(id: &str) -> Result<Self, Error> {
        label(id).map(Self)
    }

    /// Parses `collections/{collection}`.
    ///
    /// # Errors
    ///
    /// Fails for any other form.
    pub fn parse_name(name: &str) -> Result<Self, Error> {
        let form = Error::Form {
            form: "collections/{collection}",
        };
        Self::parse(name.strip_prefix("collections/").ok_or(form)?)
    }

    /// Returns the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TenantId {
    /// The tenant of operators and of servers without authentication. It always exists.
    pub const DEFAULT: &str = "default";

    /// Parses an id.
    ///
    /// # Errors
    ///
    /// Fails if the id is too long, or has a character that is not allowed.
    pub fn parse(id: &str) -> Result<Self, Error> {
        label(id).map(Self)
    }

    /// Parses `tenants/{tenant}`.
    ///
    /// # Errors
    ///
    /// Fails for any other form.
    pub fn parse_name(name: &str) -> Result<Self, Error> {
        let form = Error::Form {
            form: "tenants/{tenant}",
        };
        Self::parse(name.strip_prefix("tenants/").ok_or(form)?)
    }

    /// Returns the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for CollectionId {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl Default for TenantId {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl Principal {
    /// Returns the principal of a caller without identity.
    #[must_use]
    pub fn anonymous() -> Self {
        Self("anonymous".to_owned())
    }

    /// Returns the principal of the server's own work.
    #[must_use]
    pub fn server() -> Self {
        Self("sluice".to_owned())
    }

    /// Parses a principal.
    ///
    /// # Errors
    ///
    /// Fails if the principal is empty, too long, or has a character that is not allowed.
    pub fn parse(principal: &str) -> Result<Self, Error> {
        let is_principal = (1..=PRINCIPAL_BYTES_MAX).contains(&principal.len())
            && principal.bytes().all(|byte| byte.is_ascii_graphic());
        if is_principal {
            Ok(Self(principal.to_owned()))
        } else {
            Err(Error::Principal)
        }
    }

    /// Returns the principal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DocumentId {
    /// Parses an id.
    ///
    /// # Errors
    ///
    /// Fails if the id is too long, has a character that is not allowed, or is not in NFC.
    pub fn parse(id: &str) -> Result<Self, Error> {
        let is_id = (1..=DOCUMENT_BYTES_MAX).contains(&id.len())
            && id.chars().all(Self::allows)
            && !matches!(id, "." | "..");
        if !is_id {
            return Err(Error::DocumentId);
        }
        if !is_nfc(id) {
            return Err(Error::DocumentIdForm);
        }
        Ok(Self(id.to_owned()))
    }

    /// Whether an id may contain this character. Invisible marks and letters are not allowed, because two ids would
    /// look the same.
    pub(crate) fn allows(character: char) -> bool {
        if character.is_ascii() {
            return character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '~');
        }
        let is_text = matches!(
            character.general_category_group(),
            GeneralCategoryGroup::Letter
                | GeneralCategoryGroup::Mark
                | GeneralCategoryGroup::Number
        );
        is_text && !is_unseen(character)
    }

    /// Returns the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DocumentName {
    /// Parses `collections/{collection}/documents/{document}`.
    ///
    /// # Errors
    ///
    /// Fails for any other form.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let form = Error::Form {
            form: "collections/{collection}/documents/{document}",
        };
        let (collection, document) = name.split_once("/documents/").ok_or(form)?;
        let collection = CollectionId::parse_name(collection)?;
        Ok(Self {
            collection,
            document: DocumentId::parse(document)?,
        })
    }
}

/// Parses a DNS label that starts with a letter.
fn label(id: &str) -> Result<String, Error> {
    let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let is_id = id.len() <= LABEL_BYTES_MAX
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(is_allowed);
    if is_id {
        Ok(id.to_owned())
    } else {
        Err(Error::Label)
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tenants/{}", self.0)
    }
}

impl fmt::Display for CollectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "collections/{}", self.0)
    }
}

impl fmt::Display for DocumentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/documents/{}", self.collection, self.document.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{CollectionId, DocumentId, DocumentName, Error};

    #[test]
    fn a_parsed_name_formats_to_the_same_text() {
        for name in [
            "collections/a/documents/b",
            "collections/a-1/documents/B_2.txt~",
            "collections/a/documents/\u{65E5}\u{672C}\u{8A9E}.txt",
            "collections/a/documents/\u{915}\u{94D}\u{937}\u{967}",
            "collections/a/documents/\u{E9}t\u{E9}",
        ] {
            assert_eq!(DocumentName::parse(name).unwrap().to_string(), name);
        }
    }

    #[test]
    fn invalid_names_are_refused() {
        let documents = [
            "",
            "a/b",
            "collections/a",
            "collections/a/documents/",
            "collections/a/documents/..",
            "collections/a/documents/.",
            "collections/a/documents/%2e%2e%2f",
            "collections/A/documents/b",
            "collections/a/documents/b/c",
            "collections/a/documents/b\0",
            "collections//documents/b",
            "collections/a/documents/\u{FF0E}\u{FF0E}",
            "collections/a/documents/b\\c",
            "collections/a/documents/b c",
            "collections/a/documents/a\u{200C}b",
            "collections/a/documents/a\u{202E}b",
            "collections/a/documents/a\u{FE0F}",
            "collections/a/documents/\u{3164}",
            "collections/a/documents/\u{1F600}",
            "collections/a/documents/\u{2028}",
        ];
        for name in documents {
            assert!(DocumentName::parse(name).is_err(), "{name:?}");
        }
        for (letter, most) in [("b", 255), ("\u{E9}", 127), ("\u{6C34}", 85)] {
            assert!(DocumentId::parse(&letter.repeat(most)).is_ok());
            assert_eq!(
                DocumentId::parse(&letter.repeat(most + 1)),
                Err(Error::DocumentId)
            );
        }
        for other_form in [
            "e\u{301}",
            "\u{212B}",
            "\u{1100}\u{1161}",
            "a\u{301}\u{316}",
        ] {
            let refused = DocumentId::parse(other_form);
            assert_eq!(refused, Err(Error::DocumentIdForm), "{other_form:?}");
        }
        assert!(CollectionId::parse(&"a".repeat(64)).is_err());
    }
}
