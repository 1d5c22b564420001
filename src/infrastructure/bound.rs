//! Binds the values of ports to statements of any driver.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Database, Encode, Type};

use crate::domain::names::resource::TenantId;

impl<D: Database> Type<D> for TenantId
where
    String: Type<D>,
{
    fn type_info() -> D::TypeInfo {
        <String as Type<D>>::type_info()
    }
}

impl<'q, D: Database> Encode<'q, D> for TenantId
where
    String: Encode<'q, D>,
{
    fn encode_by_ref(&self, buffer: &mut D::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <String as Encode<'q, D>>::encode(self.as_str().to_owned(), buffer)
    }
}
