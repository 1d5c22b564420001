//! Errors of the closed list, as responses over HTTP.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tonic::Code;

use crate::application::error::Error;
use crate::application::store_error;
use crate::interface::grpc::status;
use crate::interface::web::ws_message::ServerMessage;

/// Returns the error as an error frame, under the HTTP status of its code (`google.rpc.Code`).
#[must_use]
pub fn of(error: &Error) -> Response {
    let http = match status::code(error) {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        // A full store is not the fault of the caller.
        Code::ResourceExhausted if is_full(error) => StatusCode::SERVICE_UNAVAILABLE,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Cancelled | Code::Unknown | Code::Internal | Code::DataLoss => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let mut response = (http, ServerMessage::error(None, error).text()).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn is_full(error: &Error) -> bool {
    matches!(error, Error::Store(store_error::Error::Full(_)))
}
