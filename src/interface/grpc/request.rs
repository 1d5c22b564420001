//! What every request passes: its id, its log line, its deadline, and who may ask.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tonic::Status;
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use crate::application::error::Error;
use crate::interface::grpc::deadline::{self, End, Limited};
use crate::interface::grpc::door::Door;
use crate::interface::grpc::{message, refusal, status};
use crate::interface::peer;

/// The header with a request's id, both ways.
const REQUEST_ID: &str = "x-request-id";
/// The longest id that is taken from a client.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Gives the request an id and a log line, keeps its deadline, lets callers in, and refuses other hosts:
/// a web page that a browser on this machine shows must not reach a server without identity.
pub async fn admit(State(door): State<Door>, request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let method = request.uri().path().to_owned();
    let span = tracing::info_span!("request", request.id = %id.to_str().unwrap_or_default(), rpc.method = %method, caller.tenant = Empty, caller.principal = Empty);
    let begun = Instant::now();
    let deadline = deadline::of(request.headers()).map(|after| begun + after);
    let mut response = async {
        if !is_for_this_server(&door, &request) || may_be_a_web_page(request.headers()) {
            return status::of(&Error::HostNotAllowed).into_http();
        }
        let response = match deadline {
            None => answered(door, request, next, None).await,
            Some(at) => {
                let answered = answered(door, request, next, deadline);
                let late = |_late| status::of(&Error::DeadlineExceeded).into_http();
                let in_time = tokio::time::timeout_at(at, answered).await;
                in_time.unwrap_or_else(late)
            }
        };
        let response = refusal::explained(response, message::bytes_max(&method));
        let status = response
            .headers()
            .get(Status::GRPC_STATUS)
            .map(HeaderValue::as_bytes);
        let code = status.map_or("streaming or OK", |code| {
            str::from_utf8(code).unwrap_or("?")
        });
        let duration_ms = begun.elapsed().as_millis();
        tracing::info!(rpc.status_code = code, duration_ms, "answered");
        response
    }
    .instrument(span)
    .await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The answer to a caller that is let in, for as long as it may be here.
async fn answered(
    door: Door,
    mut request: Request,
    next: Next,
    deadline: Option<Instant>,
) -> Response {
    let peer = peer::of(&request);
    let path = request.uri().path();
    let admitted = match door.admit(path, request.headers(), peer).await {
        Ok(admitted) => admitted,
        Err(error) => {
            let address = peer.map(|peer| peer.address);
            tracing::info!(peer.address = ?address, reason = %error, "a caller was not let in");
            return status::of(&error).into_http();
        }
    };
    let span = tracing::Span::current();
    span.record("caller.tenant", &admitted.caller.tenant);
    span.record("caller.principal", &admitted.caller.principal);
    request.extensions_mut().insert(admitted.caller.clone());
    let mut end: End = Box::pin(async move {
        let late = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = late => Error::DeadlineExceeded,
            error = door.lost(&admitted) => error,
        }
    });
    tokio::select! {
        biased;
        response = next.run(request) => response.map(|body| Body::new(Limited::new(body, end))),
        error = &mut end => status::of(&error).into_http(),
    }
}

/// The client's id if it is fit to be logged, else a new one.
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

/// Whether a browser may have sent it for a page: those name their origin, and can send gRPC's
/// content type only with the server's leave, which it never gives.
fn may_be_a_web_page(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let is_grpc = content_type.is_some_and(|is| is.as_bytes().starts_with(b"application/grpc"));
    headers.contains_key(header::ORIGIN) || !is_grpc
}

/// Whether the client means this server: by a name of this machine, or one that it is known by.
fn is_for_this_server(door: &Door, request: &Request) -> bool {
    let header = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = request.uri().host().or_else(|| header.map(without_port));
    let is_this = |host: &str| {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        let address = address.parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    };
    host.is_some_and(|host| is_this(host) || door.is_host(host))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;

    use super::{Door, is_for_this_server};

    #[test]
    fn other_hosts_are_not_this_machine() {
        let known = ["sluice.example".to_owned()];
        let door = Door {
            identity: None,
            hosts: Some(known.into()),
        };
        let asked = |uri: &str, host: &'static str| {
            let request = Request::builder()
                .uri(uri)
                .header("host", host)
                .body(Body::empty());
            is_for_this_server(&door, &request.unwrap())
        };
        assert!(asked("http://127.0.0.1:50051/x", "anything"));
        assert!(
            asked("/x", "localhost:50051") && asked("/x", "[::1]:1") && asked("/x", "127.0.0.1")
        );
        assert!(!asked("/x", "evil.example") && !asked("http://evil.example/x", "localhost"));
        assert!(!asked("/x", "localhost.evil.example:80") && !asked("/x", "10.0.0.1"));
        assert!(asked("/x", "SLUICE.example:443"), "a name it is known by");
        assert!(asked("/x", "127.0.0.2:1"), "where a server may listen too");
    }
}
