//! The name of an operation across tenants.

use crate::application::ports::clock::Uid;
use crate::domain::names::resource::TenantId;

/// A tenant and one of its operations.
pub type Topic = (TenantId, Uid);
