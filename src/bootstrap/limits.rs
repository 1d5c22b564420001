//! Converts the settings of limits.

use anyhow::Context;

use crate::application::rate_limit::limits::{Limits, PrincipalLimits};
use crate::config::sections::limits::{self, RateSetting, Tenant};
use crate::domain::limits::rate::Rate;
use crate::domain::names::resource::TenantId;

/// Returns the limits of all principals.
///
/// # Errors
///
/// Fails if limits are set for a name that no tenant can have.
pub(super) fn limits(from: &limits::Limits) -> anyhow::Result<Limits> {
    let tenants = from.tenants.iter().map(|(name, tenant)| {
        let id = TenantId::parse(name).with_context(|| format!("limits.tenants.{name}"))?;
        Ok((id, principal_limits(from, tenant)))
    });
    Ok(Limits {
        default: principal_limits(from, &Tenant::default()),
        tenants: tenants.collect::<anyhow::Result<_>>()?,
        auth_failure: rate(from.auth_failure),
        instances: from.instances,
    })
}

/// Returns the limits of a tenant's principals, with the default of each that the tenant does not set.
fn principal_limits(from: &limits::Limits, tenant: &Tenant) -> PrincipalLimits {
    let rates = &from.rates;
    let concurrency = &from.concurrency;
    let one = |own: Option<RateSetting>, default| rate(own.unwrap_or(default));
    let bytes = tenant.upload_bytes.unwrap_or(rates.upload_bytes);
    PrincipalLimits {
        read: one(tenant.read, rates.read),
        preview: one(tenant.preview, rates.preview),
        write: one(tenant.write, rates.write),
        upload_start: one(tenant.upload_start, rates.upload_start),
        watch_open: one(tenant.watch_open, rates.watch_open),
        admin: one(tenant.admin, rates.admin),
        upload_bytes: rate(bytes.of_bytes()),
        uploads: tenant.uploads.unwrap_or(concurrency.uploads),
        watches: tenant.watches.unwrap_or(concurrency.watches),
        sockets: tenant.sockets.unwrap_or(concurrency.sockets),
    }
}

fn rate(from: RateSetting) -> Rate {
    Rate::new(from.per_second, from.burst)
}
