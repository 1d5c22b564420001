//! Uids: 128-bit ids, with a type for each kind of resource.
//!
//! The server makes them (UUID version 7, RFC 9562), or a client chooses them as request ids. A function that takes the
//! uid of one kind refuses to compile with that of another.

use std::fmt;

macro_rules! uids {
    ($($(#[$doc:meta])+ $name:ident),+ $(,)?) => {
        $($(#[$doc])+
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The least uid.
            pub const MIN: Self = Self([u8::MIN; 16]);
            /// The greatest uid.
            pub const MAX: Self = Self([u8::MAX; 16]);

            /// Returns the bytes of the uid.
            #[must_use]
            pub const fn bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl From<[u8; 16]> for $name {
            fn from(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hyphenated(&self.0, formatter)
            }
        })+
    };
}

uids!(
    /// The uid of a chain of the audit log.
    ChainUid,
    /// The uid of a collection. It follows from the tenant and the request id if the client sent one.
    CollectionUid,
    /// The uid of a document.
    DocumentUid,
    /// The uid of a running instance, made at its start.
    InstanceUid,
    /// The uid of an API key.
    KeyUid,
    /// The uid of an operation, such as an upload, a deletion or a move. All kinds share one space of uids. A request id
    /// becomes the uid of the operation that the request starts.
    OperationUid,
);

/// Writes the form of RFC 9562: lowercase hexadecimal digits in five groups.
fn write_hyphenated(bytes: &[u8; 16], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            formatter.write_str("-")?;
        }
        write!(formatter, "{byte:02x}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::OperationUid;

    #[test]
    fn a_uid_has_the_form_of_rfc_9562() {
        let uid = OperationUid::from(0x018f_2f6e_7b1a_7c3d_8e4f_0123_4567_89ab_u128.to_be_bytes());
        assert_eq!(uid.to_string(), "018f2f6e-7b1a-7c3d-8e4f-0123456789ab");
    }
}
