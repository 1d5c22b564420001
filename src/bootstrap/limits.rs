//! Converts the settings of limits.

use anyhow::Context;

use crate::application::rate_limit::limits::{Allowed, Limits};
use crate::config::sections::limits::{self, Rate, Tenant};
use crate::domain::limits::rate::Quota;
use crate::domain::names::resource::TenantId;

/// Returns the limits of all principals.
///
/// # Errors
///
/// Fails if limits are set for a name that no tenant can have.
pub(super) fn limits(from: &limits::Limits) -> anyhow::Result<Limits> {
    let tenants = from.tenants.iter().map(|(name, tenant)| {
        let id = TenantId::parse(name).with_context(|| format!("limits.tenants.{name}"))?;
        Ok((id, allowed(from, tenant)))
    });
    Ok(Limits {
        default: allowed(from, &Tenant::default()),
        tenants: tenants.collect::<anyhow::Result<_>>()?,
        auth_failure: quota(from.auth_failure),
        instances: from.instances,
    })
}

/// Returns the limits of a tenant's principals, with the default of each that the tenant does not set.
fn allowed(from: &limits::Limits, tenant: &Tenant) -> Allowed {
    let rates = &from.rates;
    let places = &from.places;
    let one = |own: Option<Rate>, default| quota(own.unwrap_or(default));
    let bytes = tenant.upload_bytes.unwrap_or(rates.upload_bytes);
    Allowed {
        read: one(tenant.read, rates.read),
        preview: one(tenant.preview, rates.preview),
        write: one(tenant.write, rates.write),
        upload_start: one(tenant.upload_start, rates.upload_start),
        watch_open: one(tenant.watch_open, rates.watch_open),
        admin: one(tenant.admin, rates.admin),
        upload_bytes: quota(bytes.of_bytes()),
        uploads: tenant.uploads.unwrap_or(places.uploads),
        watches: tenant.watches.unwrap_or(places.watches),
        sockets: tenant.sockets.unwrap_or(places.sockets),
    }
}

fn quota(from: Rate) -> Quota {
    Quota::new(from.per_second, from.burst)
}
