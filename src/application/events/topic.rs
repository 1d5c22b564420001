//! The name of an operation across tenants.

use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::OperationUid;

/// A tenant and one of its operations.
pub type Topic = (TenantId, OperationUid);
