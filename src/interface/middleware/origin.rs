//! Checks the host that a request is meant for, and the page that sent it.
//!
//! A page in a browser on this machine can send requests to a server without identity. These checks refuse them,
//! because pages cannot choose `Host`, `Origin` and `Sec-Fetch-Site` (Fetch Standard, forbidden request headers).

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::application::error::Error;
use crate::interface::authority::authority;

/// The time for which a browser may cache the CORS answer; Chromium caps it at this value.
const ALLOWED_FOR: Duration = Duration::from_hours(2);
/// Headers that a page may send.
const SENT: [HeaderName; 6] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("x-grpc-web"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-user-agent"),
];
/// Headers that a page may read from a response.
const READ: [HeaderName; 5] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
    HeaderName::from_static("grpc-retry-pushback-ms"),
    HeaderName::from_static("x-request-id"),
];

/// Hosts and origins that are allowed.
#[derive(Clone, Debug)]
pub struct AllowedOrigins {
    /// Names of this server besides those of the loopback interface, without a port. `None` means any name.
    pub hosts: Option<Vec<String>>,
    /// Origins of pages, as browsers send them: `https://example.org`.
    pub origins: Vec<HeaderValue>,
    /// Whether clients connect by TLS, to this server or to a proxy before it.
    pub is_https: bool,
}

impl AllowedOrigins {
    /// Checks the host that a request is meant for, and its origin.
    ///
    /// # Errors
    ///
    /// Fails if either is not allowed.
    pub fn check(&self, request: &Request) -> Result<(), Error> {
        if !self.is_meant(request) {
            return Err(Error::HostNotAllowed);
        }
        if !self.may_come(request) {
            return Err(Error::OriginNotAllowed);
        }
        Ok(())
    }

    /// Returns the CORS layer for the allowed origins. Browsers are never asked for cookies.
    pub fn cors(&self) -> CorsLayer {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.origins.iter().cloned()))
            .allow_methods([Method::POST])
            .allow_headers(SENT)
            .expose_headers(READ)
            .max_age(ALLOWED_FOR)
    }

    fn is_meant(&self, request: &Request) -> bool {
        // If `hosts` is `None`, a host with any other name is accepted too.
        authority(request.uri(), request.headers())
            .is_some_and(|authority| self.hosts.is_none() || self.is_named(without_port(authority)))
    }

    /// Whether a host is this machine, or configured by its name.
    fn is_named(&self, host: &str) -> bool {
        let mut names = self.hosts.iter().flatten();
        is_loopback(host) || names.any(|name| name.eq_ignore_ascii_case(host))
    }

    /// Whether the page may send the request. Pages name their origin, except when they embed content that they
    /// cannot read: then the browser sets `Sec-Fetch-Site`.
    fn may_come(&self, request: &Request) -> bool {
        let headers = request.headers();
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (Some(origin), None) => self.origins.contains(origin) || self.is_own(origin, request),
            (Some(_), Some(_)) => false,
            (None, _) => headers
                .get("sec-fetch-site")
                .is_none_or(|site| site == "none" || site == "same-origin"),
        }
    }

    /// Whether the page came from this server, by a name that only this server has. A name that an attacker can point
    /// here (DNS rebinding) does not count.
    fn is_own(&self, origin: &HeaderValue, request: &Request) -> bool {
        let (scheme, port) = if self.is_https {
            ("https://", ":443")
        } else {
            ("http://", ":80")
        };
        let origin = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.strip_prefix(scheme));
        let (Some(origin), Some(host)) = (origin, authority(request.uri(), request.headers()))
        else {
            return false;
        };
        // Remove the scheme's default port from the host: origins omit it.
        let host = host.strip_suffix(port).unwrap_or(host);
        self.is_named(without_port(host)) && origin.eq_ignore_ascii_case(host)
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
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
    use axum::http::HeaderValue;

    use super::AllowedOrigins;
    use crate::application::error::Error;

    fn allowed(hosts: &[&str], origins: &[&'static str]) -> AllowedOrigins {
        let origins = origins.iter().copied();
        AllowedOrigins {
            hosts: Some(hosts.iter().map(|&host| host.to_owned()).collect()),
            origins: origins.map(HeaderValue::from_static).collect(),
            is_https: false,
        }
    }

    #[test]
    fn other_hosts_are_not_this_machine() {
        let asked = |allowed: &AllowedOrigins, uri: &str, host: &'static str| {
            let request = Request::builder()
                .uri(uri)
                .header("host", host)
                .body(Body::empty());
            allowed.check(&request.unwrap()).is_ok()
        };
        let none = allowed(&[], &[]);
        assert!(asked(&none, "http://127.0.0.1:50051/x", "anything"));
        assert!(asked(&none, "/x", "localhost:50051") && asked(&none, "/x", "[::1]:1"));
        assert!(asked(&none, "/x", "127.0.0.1"));
        assert!(!asked(&none, "/x", "evil.example"));
        assert!(!asked(&none, "http://evil.example/x", "localhost"));
        assert!(
            !asked(&none, "/x", "localhost.evil.example:80") && !asked(&none, "/x", "10.0.0.1")
        );
        assert!(
            asked(&none, "/x", "127.0.0.2:1"),
            "where a server may listen too"
        );
        let named = allowed(&["sluice.example"], &[]);
        assert!(asked(&named, "/x", "SLUICE.example:443") && asked(&named, "/x", "localhost"));
        assert!(!asked(&named, "/x", "sluice.example.evil.example"));
    }

    #[test]
    fn an_origin_is_allowed_by_all_of_it() {
        let allowed = allowed(&[], &["https://good.example"]);
        let comes = |headers: &[(&str, &str)]| {
            let mut request = Request::builder().uri("/x").header("host", "localhost");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            allowed.check(&request.body(Body::empty()).unwrap())
        };
        assert!(comes(&[]).is_ok() && comes(&[("origin", "https://good.example")]).is_ok());
        assert!(comes(&[("sec-fetch-site", "none")]).is_ok());
        for other in [
            "https://good.example.evil",
            "https://evil.example",
            "http://good.example",
            "https://good.example:8443",
            "https://GOOD.example",
            "null",
            "*",
            "",
        ] {
            let refused = comes(&[("origin", other)]);
            assert!(matches!(refused, Err(Error::OriginNotAllowed)), "{other}");
        }
        assert!(comes(&[("sec-fetch-site", "cross-site")]).is_err());
        assert!(comes(&[("sec-fetch-site", "same-site")]).is_err());
        let twice = [
            ("origin", "https://good.example"),
            ("origin", "https://evil.example"),
        ];
        assert!(comes(&twice).is_err());
    }
    #[test]
    fn a_page_of_this_server_is_accepted_by_a_name_that_only_this_server_has() {
        let comes = |allowed: &AllowedOrigins, host: &str, origin: &str| {
            let request = Request::builder().uri("/x").header("host", host);
            let request = request.header("origin", origin).body(Body::empty());
            allowed.check(&request.unwrap()).is_ok()
        };
        let none = allowed(&[], &[]);
        let named = allowed(&["sluice.example"], &[]);
        let any = AllowedOrigins {
            hosts: None,
            ..none.clone()
        };
        let private = AllowedOrigins {
            is_https: true,
            ..named.clone()
        };
        for (allowed, host, origin) in [
            (&none, "localhost:50051", "http://localhost:50051"),
            (&none, "127.0.0.1:1", "http://127.0.0.1:1"),
            (&none, "127.9.8.7:1", "http://127.9.8.7:1"),
            (&none, "[::1]:1", "http://[::1]:1"),
            (&none, "localhost", "http://localhost"),
            (&none, "localhost:80", "http://localhost"),
            (&named, "sluice.example:1", "http://sluice.example:1"),
            (&any, "localhost:1", "http://localhost:1"),
            (&private, "sluice.example:443", "https://sluice.example"),
            (&private, "localhost:1", "https://localhost:1"),
        ] {
            assert!(comes(allowed, host, origin), "{host} {origin}");
        }
        for (allowed, host, origin) in [
            (&none, "localhost:50051", "http://localhost:3000"),
            (&none, "localhost:50051", "http://localhost"),
            (&none, "localhost:50051", "https://localhost:50051"),
            (&none, "localhost:50051", "http://127.0.0.1:50051"),
            (&none, "localhost:50051", "http://localhost:50051/"),
            (&none, "localhost:50051", "http://localhost.evil.com:50051"),
            (&none, "localhost:50051", "http://localhost.evil.com"),
            (&none, "localhost:50051", "http://user@localhost:50051"),
            (&none, "localhost:50051", "null"),
            (&none, "localhost:50051", ""),
            // A name that an attacker has pointed here.
            (&any, "evil.example:1", "http://evil.example:1"),
            (&named, "evil.example", "http://evil.example"),
            (&private, "localhost:1", "http://localhost:1"),
            (&none, "localhost:443", "http://localhost"),
        ] {
            assert!(!comes(allowed, host, origin), "{host} {origin}");
        }
    }
}
