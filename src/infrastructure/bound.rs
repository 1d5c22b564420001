//! Binds the values of ports to statements of any driver.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Database, Encode, Type};

use crate::domain::names::resource::TenantId;

/// Implements the traits of a statement's argument for a type: the column's type, and the conversion to it.
macro_rules! bound {
    ($($type:ty as $column:ty: $of:expr),+ $(,)?) => {
        $(impl<D: Database> Type<D> for $type
        where
            $column: Type<D>,
        {
            fn type_info() -> D::TypeInfo {
                <$column as Type<D>>::type_info()
            }
        }

        impl<'q, D: Database> Encode<'q, D> for $type
        where
            $column: Encode<'q, D>,
        {
            fn encode_by_ref(&self, buffer: &mut D::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let of: fn(&Self) -> $column = $of;
                <$column as Encode<'q, D>>::encode(of(self), buffer)
            }
        })+
    };
}

bound!(
    TenantId as String: |tenant| tenant.as_str().to_owned(),
);
