//! Extracts the caller, as `middleware/authenticate` has authenticated it, from a request.

use tonic::{Request, Status};

use crate::application::caller::Caller;
use crate::interface::grpc::audit_target::{AuditTarget, Named};

/// Returns the caller and the message of a request, and notes the resource that the message names.
///
/// # Errors
///
/// Fails if the request did not pass the layers that authenticate it.
pub fn of<T: Named>(request: Request<T>) -> Result<(Caller, T), Status> {
    let (_metadata, mut extensions, message) = request.into_parts();
    let caller = extensions.remove::<Caller>();
    let caller = caller.ok_or_else(|| Status::internal("a request without a caller"))?;
    if let Some(target) = extensions.get::<AuditTarget>() {
        target.note(message.named().unwrap_or_default());
    }
    Ok((caller, message))
}
