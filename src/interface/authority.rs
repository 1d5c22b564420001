//! The host and port that a request was sent to.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

/// Returns the host and port: the authority in HTTP/2, otherwise the header `Host`.
pub(crate) fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let header = headers.get(header::HOST);
    let header = header.and_then(|host| host.to_str().ok());
    uri.authority().map(Authority::as_str).or(header)
}
