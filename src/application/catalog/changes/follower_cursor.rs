//! The position of a follower of changes, which its cursor encodes. `pagination/page_token` seals the cursor.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::application::catalog::chunks::levels::ChosenLevels;
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

/// The position of a follower within a document.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Within {
    /// The document.
    pub document: DocumentUid,
    /// The version that the follower has; 0 if it has none.
    pub before: u64,
    /// The version that it receives.
    pub version: u64,
    /// The ordinal of a chunk of the finest level: that chunk, if wanted, and the parents that end with it are the next
    /// ones to send.
    pub ordinal: u64,
    /// The number of chunks of the older version's finest level that were checked for removed contents.
    pub removed: u64,
}

/// Returns the scope that a cursor is bound to: after a change of the levels a follower has nothing to resume from.
pub(super) fn scope(collection: &CollectionId, levels: ChosenLevels) -> String {
    format!("changes {collection} {:?}", levels.numbers())
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
