//! What the framework refuses before a method is reached, in the words of the closed list.

use axum::http::HeaderMap;
use axum::response::Response;
use tonic::{Code, Status};

use crate::application::error::Error;
use crate::interface::grpc::status;

/// The header that names the encodings a server takes: only a refused encoding brings it.
const ACCEPTED_ENCODINGS: &str = "grpc-accept-encoding";

/// The response, or one with a reason in its place if it is a refusal without. `request_bytes_max`
/// is how large a request of the method may be.
#[must_use]
pub fn explained(response: Response, request_bytes_max: usize) -> Response {
    match reason(response.headers(), request_bytes_max) {
        Some(error) => status::of(&error).into_http(),
        None => response,
    }
}

fn reason(headers: &HeaderMap, request_bytes_max: usize) -> Option<Error> {
    let refused = Status::from_header_map(headers)?;
    if !refused.details().is_empty() {
        return None;
    }
    match refused.code() {
        Code::Unimplemented if headers.contains_key(ACCEPTED_ENCODINGS) => {
            Some(Error::EncodingUnsupported)
        }
        Code::Unimplemented => Some(Error::MethodUnknown),
        Code::OutOfRange | Code::ResourceExhausted => Some(Error::MessageTooLarge {
            most: request_bytes_max,
        }),
        Code::NotFound => Some(Error::NotFound { kind: "service" }),
        Code::Internal | Code::InvalidArgument | Code::Unknown => Some(Error::MessageUnreadable),
        Code::Ok
        | Code::Cancelled
        | Code::DeadlineExceeded
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => None,
    }
}
