//! The position of a follower of changes, which its cursor encodes. `pagination/page_token` seals the cursor.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::application::catalog::version_diff::Within;
use crate::domain::names::resource::CollectionId;
use crate::domain::names::uid::{CollectionUid, DocumentUid};

/// The position of a follower, which its cursor encodes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct FollowerPosition {
    /// The uid of the collection. A later collection may have the same name.
    pub collection: CollectionUid,
    /// The last change that the follower has.
    pub seq: u64,
    /// The last document of the snapshot that the follower has. `None` means that it has the whole snapshot.
    pub after: Option<DocumentUid>,
    /// The position within the next document. `None` means its beginning.
    pub within: Option<Within>,
}

/// Returns the scope that a cursor is bound to.
pub(super) fn scope(collection: &CollectionId) -> String {
    format!("changes {collection}")
}

/// The serialized form of a uid: its bytes.
macro_rules! serialized {
    ($($uid:ty),+ $(,)?) => {
        $(impl Serialize for $uid {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.bytes().serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $uid {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <[u8; 16]>::deserialize(deserializer).map(Self::from)
            }
        })+
    };
}

serialized!(CollectionUid, DocumentUid);
