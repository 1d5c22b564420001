//! Binds the values of ports to statements of any driver.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgHasArrayType, PgTypeInfo};
use sqlx::types::Uuid;
use sqlx::{Database, Encode, Type};

use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::{
    ChainUid, CollectionUid, DocumentUid, InstanceUid, KeyUid, OperationUid,
};
use crate::domain::timestamp::Timestamp;

/// Makes a type an argument of statements, by the conversion to a type that the drivers know.
macro_rules! bound {
    ($($bound:ty as $column:ty: $convert:expr),+ $(,)?) => {
        $(impl<D: Database> Type<D> for $bound
        where
            $column: Type<D>,
        {
            fn type_info() -> D::TypeInfo {
                <$column as Type<D>>::type_info()
            }
        }

        impl<'q, D: Database> Encode<'q, D> for $bound
        where
            $column: Encode<'q, D>,
        {
            fn encode_by_ref(&self, buffer: &mut D::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let convert: fn(&Self) -> $column = $convert;
                <$column as Encode<'q, D>>::encode(convert(self), buffer)
            }
        })+
    };
}

// A uid is a UUID in PostgreSQL, and the same 16 bytes in SQLite.
bound!(
    ChainUid as Uuid: |uid| Uuid::from_bytes(*uid.bytes()),
    CollectionUid as Uuid: |uid| Uuid::from_bytes(*uid.bytes()),
    DocumentUid as Uuid: |uid| Uuid::from_bytes(*uid.bytes()),
    InstanceUid as Uuid: |uid| Uuid::from_bytes(*uid.bytes()),
    KeyUid as Uuid: |uid| Uuid::from_bytes(*uid.bytes()),
    OperationUid as Uuid: |uid| Uuid::from_bytes(*uid.bytes()),
    TenantId as String: |tenant| tenant.as_str().to_owned(),
    Timestamp as i64: |time| time.micros(),
);

impl PgHasArrayType for DocumentUid {
    fn array_type_info() -> PgTypeInfo {
        Uuid::array_type_info()
    }
}

impl PgHasArrayType for OperationUid {
    fn array_type_info() -> PgTypeInfo {
        Uuid::array_type_info()
    }
}
