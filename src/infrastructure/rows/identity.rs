//! Reads tenants and keys from their rows.

use crate::application::ports::keys::{Key, KeyKind};
use crate::application::ports::tenants::Tenant;
use crate::application::store_error::Error;
use crate::domain::identity::role::Role;
use crate::domain::limits::quota::{Quotas, Usage};
use crate::domain::names::resource::Principal;
use crate::infrastructure::columns::{Columns, damaged, name};

/// Reads a tenant from a row of `tenants`.
pub(crate) fn tenant(found: &impl Columns) -> Result<Tenant, Error> {
    let is_counted = found.flag_if_any("is_counted")?.unwrap_or_default();
    Ok(Tenant {
        id: found.tenant("tenant_id")?,
        created_at: found.time("created_at")?,
        quotas: Quotas {
            documents: most(found, "documents_max")?,
            bytes: most(found, "bytes_max")?,
            uploads: most(found, "uploads_max")?,
        },
        usage: is_counted.then(|| usage(found)).transpose()?,
        disabled_at: found.time_if_any("disabled_at")?,
    })
}

fn usage(found: &impl Columns) -> Result<Usage, Error> {
    Ok(Usage {
        documents: found.count("documents")?,
        bytes: found.count("bytes")?,
        uploads: found.count("uploads")?,
    })
}

fn most(found: &impl Columns, column: &str) -> Result<Option<u64>, Error> {
    let most = found.signed_if_any(column)?;
    most.map(u64::try_from)
        .transpose()
        .map_err(|_negative| damaged("a quota"))
}

/// Reads a key from a row of `api_keys`.
pub(crate) fn key(found: &impl Columns) -> Result<Key, Error> {
    let kind = found.text("kind")?;
    let kind = KeyKind::ALL.into_iter().find(|known| known.name() == kind);
    Ok(Key {
        uid: found.uid("uid")?,
        tenant: found.tenant("tenant")?,
        principal: name(Principal::parse(&found.text("principal")?))?,
        role: Role::named(&found.text("role")?).ok_or_else(|| damaged("a role"))?,
        kind: kind.ok_or_else(|| damaged("a kind of key"))?,
        lookup: found.text("lookup")?,
        digest: found.digest("digest")?,
        created_at: found.time("created_at")?,
        expires_at: found.time_if_any("expires_at")?,
        revoked_at: found.time_if_any("revoked_at")?,
    })
}
