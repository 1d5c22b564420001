//! The serialized form of uids in cursors: their bytes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::names::uid::{CollectionUid, DocumentUid};

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
