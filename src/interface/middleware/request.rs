//! The outermost layer: the id of a request, its log line, and the checks of its host, origin and credential.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tonic::{Code, Status};
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use crate::application::audit::recorder::{AuditedRequest, Recorder};
use crate::application::auth::authenticator::Authenticator;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::rate_limit::admission::Admission;
use crate::interface::grpc::{methods, status};
use crate::interface::middleware::authenticate;
use crate::interface::middleware::call::LoggedAtItsEnd;
use crate::interface::middleware::origin::AllowedOrigins;
use crate::interface::transport::peer::Peer;
use crate::interface::web::error_response;
use crate::interface::web::paths;

/// The header with a request's id, in requests and responses.
const REQUEST_ID: &str = "x-request-id";
/// The longest id that is accepted from a client.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// The state of the checks that a request passes: its host, its origin and its credential.
#[derive(Clone, Debug)]
pub struct RequestState {
    /// Authenticates callers. `None` means that every caller may do everything.
    pub authenticator: Option<Arc<Authenticator>>,
    /// Limits the rate of calls, and of failed authentications by an address.
    pub admission: Admission,
    /// The hosts that a request may be meant for, and the pages that may send it.
    pub allowed: AllowedOrigins,
    /// Records refused callers.
    pub recorder: Recorder,
}

/// Gives the request an id, a log line and a caller, and refuses other hosts and pages. A web page in a browser on
/// this machine must not reach a server without identity.
pub async fn handle(
    State(state): State<Arc<RequestState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request_id(request.headers());
    let span = tracing::info_span!(
        "request",
        request.id = %id.to_str().unwrap_or_default(),
        rpc.method = request.uri().path(),
        caller.tenant = Empty,
        caller.principal = Empty,
    );
    let begun = Instant::now();
    let mut response = async {
        let response = match check(&state, &mut request).await {
            Ok(()) => next.run(request).await,
            Err(error) => {
                // A path that does not exist is a mistake of the caller, not a refusal to record.
                if !matches!(error, Error::NotFound { .. }) {
                    state.recorder.record(audited(&request, &error));
                }
                refused(request.headers(), &error)
            }
        };
        if response.extensions().get::<LoggedAtItsEnd>().is_none() {
            log(&response, begun.elapsed());
        }
        response
    }
    .instrument(span)
    .await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// Logs a response that belongs to no call: a refusal, or a response of the web.
fn log(response: &Response, duration: Duration) {
    let status = response.headers().get(Status::GRPC_STATUS);
    let code = status.map(|code| status::name(Code::from_bytes(code.as_bytes())));
    let duration_ms = duration.as_millis();
    let http = response.status().as_u16();
    tracing::info!(
        rpc.status_code = code,
        http.status_code = http,
        duration_ms,
        "request answered"
    );
}

/// Checks the request, and adds its caller to its extensions.
async fn check(state: &RequestState, request: &mut Request) -> Result<(), Error> {
    state.allowed.check(request)?;
    is_ours(request)?;
    if request.method() == Method::OPTIONS {
        // A browser sends this question without credentials, and the answer lists only the headers that pages may
        // send.
        return Ok(());
    }
    let peer = request.extensions().get::<Arc<Peer>>().cloned();
    let path = request.uri().path();
    let known = authenticate::identify(
        state.authenticator.as_ref(),
        &state.admission,
        path,
        request.headers(),
        peer.as_deref(),
    )
    .await;
    let known = known.inspect_err(|reason| {
        let address = peer.map(|peer| peer.address);
        tracing::info!(peer.address = ?address, %reason, "a caller was refused");
    })?;
    let Some(authenticated) = known else {
        return Ok(());
    };
    let span = tracing::Span::current();
    span.record("caller.tenant", authenticated.caller.tenant.as_str());
    span.record("caller.principal", authenticated.caller.principal.as_str());
    let may = authenticate::may_ask(&authenticated.caller, path);
    request
        .extensions_mut()
        .insert(authenticated.caller.clone());
    request.extensions_mut().insert(authenticated);
    may
}

/// Returns the audit entry of a refused request.
fn audited<'a>(request: &'a Request, error: &Error) -> AuditedRequest<'a> {
    let path = request.uri().path();
    let is_ours = methods::at(path).is_some() || paths::ALL.contains(&path);
    AuditedRequest {
        caller: request.extensions().get::<Caller>(),
        source: request
            .extensions()
            .get::<Arc<Peer>>()
            .map(|peer| peer.address.ip()),
        // A path that does not exist is free text of the client.
        method: if is_ours { path } else { "_OTHER" },
        target: "",
        result: status::name(status::code(error)),
    }
}

/// Returns the client's id if it is fit to be logged, otherwise a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID).filter(|id| {
        let is_fit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        id.len() <= REQUEST_ID_BYTES_MAX && id.as_bytes().iter().all(is_fit)
    });
    let new = || HeaderValue::try_from(Uuid::now_v7().to_string());
    given
        .cloned()
        .or_else(|| new().ok())
        .unwrap_or(HeaderValue::from_static("unknown"))
}

/// Accepts gRPC, the paths of the web, and the question of a browser before it sends gRPC for an allowed page. A page
/// can send any other request without the server's permission, for example as a form.
fn is_ours(request: &Request) -> Result<(), Error> {
    let path = request.uri().path();
    let is_question =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ORIGIN);
    if is_question || paths::ALL.contains(&path) || is_grpc(request.headers()) {
        return Ok(());
    }
    if methods::at(path).is_some() {
        return Err(Error::NotGrpc);
    }
    Err(Error::NotFound { kind: "page" })
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|is| is.as_bytes().starts_with(b"application/grpc"))
}

/// Returns the refusal in the client's protocol.
pub(crate) fn refused(headers: &HeaderMap, error: &Error) -> Response {
    if is_grpc(headers) {
        return status::of(error).into_http();
    }
    error_response::of(error)
}
