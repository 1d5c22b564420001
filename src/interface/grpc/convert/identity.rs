//! Converts tenants and keys.

use std::time::Duration;

use crate::application::admin::keys::{LASTS_MAX, NewKey};
use crate::application::error::Error;
use crate::application::ports::keys::{Key, KeyKind};
use crate::application::ports::tenants::Tenant;
use crate::domain::identity::role::Role;
use crate::domain::limits::quota::{Quotas, Usage};
use crate::domain::names::resource::Principal;
use crate::interface::grpc::convert::chunking::count;
use crate::interface::grpc::convert::resources::time;
use crate::interface::grpc::pb;
use crate::interface::grpc::resource_name;

/// Converts a tenant.
#[must_use]
pub fn tenant(from: Tenant) -> pb::Tenant {
    let Tenant {
        id,
        created_at,
        quotas,
        usage,
        disabled_at,
    } = from;
    let Quotas {
        documents,
        bytes,
        uploads,
    } = quotas;
    let quotas = pb::Quotas {
        documents: documents.map(count),
        bytes: bytes.map(count),
        uploads: uploads.map(count),
    };
    pb::Tenant {
        name: id.to_string(),
        disabled: disabled_at.is_some(),
        create_time: Some(time(created_at)),
        quotas: Some(quotas),
        usage: usage.map(counted),
    }
}

fn counted(usage: Usage) -> pb::Usage {
    let Usage {
        documents,
        bytes,
        uploads,
    } = usage;
    pb::Usage {
        documents: count(documents),
        bytes: count(bytes),
        uploads: count(uploads),
    }
}

/// Converts the quotas of a tenant.
///
/// # Errors
///
/// Fails with the first quota that is negative.
pub fn quotas(from: pb::Quotas) -> Result<Quotas, Error> {
    let pb::Quotas {
        documents,
        bytes,
        uploads,
    } = from;
    Ok(Quotas {
        documents: most("quotas.documents", documents)?,
        bytes: most("quotas.bytes", bytes)?,
        uploads: most("quotas.uploads", uploads)?,
    })
}

fn most(field: &'static str, most: Option<i64>) -> Result<Option<u64>, Error> {
    most.map(u64::try_from)
        .transpose()
        .map_err(|_negative| Error::invalid(field, "must not be negative"))
}

/// Converts a key, without its secret, which the server does not store.
#[must_use]
pub fn key(from: Key) -> pb::ApiKey {
    let Key {
        uid,
        tenant,
        principal,
        role,
        kind,
        lookup,
        digest,
        created_at,
        expires_at,
        revoked_at,
    } = from;
    let (prefix, certificate) = match kind {
        KeyKind::Secret => (lookup, Vec::new()),
        KeyKind::Certificate => (String::new(), digest.to_vec()),
    };
    pb::ApiKey {
        name: format!("{tenant}/{}", resource_name::of_uid("apiKeys", &uid)),
        principal: principal.as_str().to_owned(),
        role: to_role(role).into(),
        prefix,
        certificate_sha256: certificate.into(),
        create_time: Some(time(created_at)),
        expire_time: expires_at.map(time),
        revoke_time: revoked_at.map(time),
    }
}

/// Converts the request for a new key.
///
/// # Errors
///
/// Fails with the field that is wrong.
pub fn new_key(from: pb::CreateApiKeyRequest) -> Result<NewKey, Error> {
    let pb::CreateApiKeyRequest {
        parent,
        principal,
        role,
        ttl,
        certificate_sha256,
    } = from;
    let certificate = match certificate_sha256.len() {
        0 => None,
        _ => Some(
            <[u8; 32]>::try_from(certificate_sha256.as_ref())
                .map_err(|_length| Error::invalid("certificate_sha256", "must have 32 bytes"))?,
        ),
    };
    Ok(NewKey {
        tenant: resource_name::tenant("parent", &parent)?,
        principal: Principal::parse(&principal)
            .map_err(|error| Error::invalid("principal", error))?,
        role: of_role(role)?,
        lasts: ttl.map(lasts).transpose()?,
        certificate,
    })
}

fn lasts(ttl: prost_types::Duration) -> Result<Duration, Error> {
    let lasts = Duration::try_from(ttl).ok();
    let is_sensible = |lasts: &Duration| (Duration::from_secs(1)..=LASTS_MAX).contains(lasts);
    let wrong = || Error::invalid("ttl", "must be from a second to 10 years");
    lasts.filter(is_sensible).ok_or_else(wrong)
}

fn to_role(role: Role) -> pb::Role {
    match role {
        Role::Reader => pb::Role::Reader,
        Role::Writer => pb::Role::Writer,
        Role::Admin => pb::Role::Admin,
        Role::Operator => pb::Role::Operator,
    }
}

fn of_role(role: i32) -> Result<Role, Error> {
    match pb::Role::try_from(role) {
        Ok(pb::Role::Reader) => Ok(Role::Reader),
        Ok(pb::Role::Writer) => Ok(Role::Writer),
        Ok(pb::Role::Admin) => Ok(Role::Admin),
        Ok(pb::Role::Operator) => Ok(Role::Operator),
        Ok(pb::Role::Unspecified) | Err(_) => {
            Err(Error::invalid("role", "must be one of the list"))
        }
    }
}
