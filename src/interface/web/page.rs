//! The page at `/`: it describes the server and its methods, for browsers and curl.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::interface::authority::authority;

/// The page loads, runs and submits nothing, and no page may frame it.
const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The headers of the page.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
    (header::VARY, "accept, host"),
];
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
/// The address to show if the request names none that is safe to show.
const ADDRESS: &str = "127.0.0.1:50051";
/// The longest name of a host (RFC 1035) with its port.
const ADDRESS_BYTES_MAX: usize = 260;

/// Facts about the server that the page shows.
#[derive(Clone, Copy, Debug)]
pub struct PageSettings {
    /// Whether clients connect by TLS.
    pub is_https: bool,
}

/// Returns the page: as HTML for clients that prefer it, otherwise as text.
pub async fn show(State(about): State<PageSettings>, uri: Uri, headers: HeaderMap) -> Response {
    let asked = authority(&uri, &headers);
    let address = asked.filter(|asked| is_shown(asked)).unwrap_or(ADDRESS);
    let (kind, page) = if prefers_html(&headers) {
        (HTML, html(about, address))
    } else {
        (TEXT, text(about, address))
    };
    let mut response = page.into_response();
    let of = response.headers_mut();
    of.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in HEADERS {
        of.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn text(about: PageSettings, address: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let call = call(about, address);
    format!(
        "Sluice {version}

A gRPC service: it takes documents as byte streams, cuts them into chunks, and stores them.

Methods    {call} list
A method   {call} describe sluice.v1.UploadService
Health     {call} grpc.health.v1.Health/Check
On this machine: /healthz (liveness), /readyz (readiness), /metrics (Prometheus)
Watching   /v1/ws, a WebSocket
Docs       README.md and docs/ of the source; `describe` documents each method
"
    )
}

fn html(about: PageSettings, address: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let call = call(about, address);
    format!(
        "<!doctype html>
<html lang=\"en\">
<head><meta charset=\"utf-8\"><title>Sluice {version}</title></head>
<body>
<h1>Sluice {version}</h1>
<p>A gRPC service: it takes documents as byte streams, cuts them into chunks, and stores them.</p>
<pre>
{call} list
{call} describe sluice.v1.UploadService
{call} grpc.health.v1.Health/Check
</pre>
<ul>
<li>On this machine: <a href=\"/healthz\">/healthz</a> (liveness), <a href=\"/readyz\">/readyz</a> (readiness),
<a href=\"/metrics\">/metrics</a> (Prometheus)</li>
<li>Watching: <code>/v1/ws</code>, a WebSocket</li>
<li>Docs: <code>README.md</code> and <code>docs/</code> of the source; <code>describe</code> documents each method</li>
</ul>
</body>
</html>
"
    )
}

fn call(about: PageSettings, address: &str) -> String {
    let plain = if about.is_https { "" } else { " -plaintext" };
    format!("grpcurl{plain} {address}")
}

/// Whether an address is safe to show unchanged in HTML and in a shell.
fn is_shown(address: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    address.len() <= ADDRESS_BYTES_MAX && !address.is_empty() && address.bytes().all(is_fit)
}

/// Whether the client accepts HTML and prefers it at least as much as text (RFC 9110 §12.5.1). Browsers do, curl does
/// not.
fn prefers_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let accepted = accepted.filter_map(|accepted| accepted.to_str().ok());
    let mut html = 0.0;
    let mut text = 0.0;
    for range in accepted.flat_map(|accepted| accepted.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        match kind.as_str() {
            "text/html" => html = weight.unwrap_or(1.0),
            "text/plain" => text = weight.unwrap_or(1.0),
            _ => {}
        }
    }
    html > 0.0 && html >= text
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{is_shown, prefers_html};

    #[test]
    fn html_is_for_clients_that_accept_it() {
        let prefers = |accept: &'static str| {
            let accept = HeaderValue::from_static(accept);
            prefers_html(&HeaderMap::from_iter([(header::ACCEPT, accept)]))
        };
        for html in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html",
            "text/plain;q=0.5, Text/HTML;q=0.9",
        ] {
            assert!(prefers(html), "{html}");
        }
        for text in [
            "*/*",
            "",
            "text/plain",
            "text/html;q=0",
            "text/html;q=0.1, text/plain",
        ] {
            assert!(!prefers(text), "{text}");
        }
        assert!(!prefers_html(&HeaderMap::new()));
    }

    #[test]
    fn an_address_that_could_be_code_is_not_shown() {
        for fit in ["127.0.0.1:50051", "[::1]:1", "sluice.example"] {
            assert!(is_shown(fit), "{fit}");
        }
        for unfit in ["", "a<b", "a b", "a;b", "$(a)", "a\"b"] {
            assert!(!is_shown(unfit), "{unfit}");
        }
    }
}
