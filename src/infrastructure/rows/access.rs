//! Tenants and keys out of their rows.

use crate::application::ports::failure::Error;
use crate::application::ports::keys::{Key, Kind};
use crate::application::ports::tenants::Tenant;
use crate::domain::access::Role;
use crate::domain::name::{Principal, TenantId};
use crate::infrastructure::columns::{Columns, damaged, name};

/// A tenant, from a row of `tenants`.
pub(crate) fn tenant(found: &impl Columns) -> Result<Tenant, Error> {
    Ok(Tenant {
        id: name(TenantId::parse(&found.text("tenant_id")?))?,
        created_at: found.signed("created_at")?,
        disabled_at: found.signed_if_any("disabled_at")?,
    })
}

/// A key, from a row of `api_keys`.
pub(crate) fn key(found: &impl Columns) -> Result<Key, Error> {
    let kind = found.text("kind")?;
    let kind = Kind::ALL.into_iter().find(|known| known.name() == kind);
    Ok(Key {
        uid: found.uid("uid")?,
        tenant: name(TenantId::parse(&found.text("tenant")?))?,
        principal: name(Principal::parse(&found.text("principal")?))?,
        role: Role::named(&found.text("role")?).ok_or_else(|| damaged("a role"))?,
        kind: kind.ok_or_else(|| damaged("a kind of key"))?,
        lookup: found.text("lookup")?,
        digest: found.digest("digest")?,
        created_at: found.signed("created_at")?,
        expires_at: found.signed_if_any("expires_at")?,
        revoked_at: found.signed_if_any("revoked_at")?,
    })
}
