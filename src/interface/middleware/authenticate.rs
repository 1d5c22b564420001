//! Authenticates requests, and checks their roles.
//!
//! A credential is looked up in this order: the `authorization` header, which then counts alone, the sub-protocol of
//! a WebSocket, the certificate of the connection. Without identity every caller is an operator of the tenant
//! `default`.

use std::sync::Arc;

use axum::http::{HeaderMap, header};

use crate::application::auth::authenticator::Authenticator;
use crate::application::auth::credential::Credential;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::rate_limit::admission::Admission;
use crate::domain::identity::role::Role;
use crate::domain::identity::secret::Secret;
use crate::interface::authenticated_caller::AuthenticatedCaller;
use crate::interface::grpc::methods;
use crate::interface::transport::peer::Peer;
use crate::interface::web::paths;

/// Health checks, open to every caller: load balancers have no credentials.
const HEALTH: &str = "/grpc.health.v1.Health/";
/// Paths of the web that are open to every caller: the probes, and the page that describes the server.
const OPEN: [&str; 3] = [paths::PAGE, paths::HEALTHZ, paths::READYZ];

/// Returns the caller of a request for `path`. `None` means a WebSocket that authenticates by its first frame.
///
/// # Errors
///
/// Fails if the credential is missing or not accepted, if its address has sent too many refused ones, or if the store
/// fails.
pub(crate) async fn identify(
    authenticator: Option<&Arc<Authenticator>>,
    admission: &Admission,
    path: &str,
    headers: &HeaderMap,
    peer: Option<&Peer>,
) -> Result<Option<AuthenticatedCaller>, Error> {
    let is_open = path.starts_with(HEALTH) || OPEN.contains(&path);
    let address = peer.map(|peer| peer.address.ip());
    let Some(authenticator) = authenticator.filter(|_| !is_open) else {
        return Ok(Some(AuthenticatedCaller::anybody(address)));
    };
    let certificate = peer.and_then(|peer| peer.certificate);
    let credential = match credential(headers, certificate) {
        Err(Error::CredentialMissing) if path == paths::WEBSOCKET => return Ok(None),
        credential => credential?,
    };
    let authenticated =
        AuthenticatedCaller::by(authenticator, credential, (admission, address)).await?;
    Ok(Some(authenticated))
}

/// Checks that a caller's role allows a request for `path`.
///
/// # Errors
///
/// Fails if its role is not enough.
pub(crate) fn may_ask(caller: &Caller, path: &str) -> Result<(), Error> {
    let required_role = required_role(path);
    if caller.role < required_role {
        let required_role = required_role.name();
        return Err(Error::RoleTooLow {
            needed: required_role,
        });
    }
    Ok(())
}

/// Returns the role that a path needs. A path outside this API is reflection, or does not exist.
fn required_role(path: &str) -> Role {
    match methods::at(path) {
        Some(method) => method.role,
        None if path == paths::METRICS => Role::Operator,
        None => Role::Reader,
    }
}

fn credential(headers: &HeaderMap, certificate: Option<[u8; 32]>) -> Result<Credential, Error> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = given.next() else {
        if let Some(token) = paths::token(headers) {
            return Ok(Credential::Bearer(Secret::new(token.to_owned())));
        }
        return certificate
            .map(Credential::Certificate)
            .ok_or(Error::CredentialMissing);
    };
    let text = first.to_str().ok().filter(|_| given.next().is_none());
    let (scheme, bearer) = text
        .and_then(|text| text.split_once(' '))
        .ok_or(Error::CredentialRefused)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::CredentialRefused);
    }
    Ok(Credential::Bearer(Secret::new(bearer.trim().to_owned())))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::{Credential, Error, credential};

    fn with(given: &[&'static str], certificate: Option<[u8; 32]>) -> Result<Credential, Error> {
        let mut headers = HeaderMap::new();
        for given in given {
            headers.append("authorization", HeaderValue::from_static(given));
        }
        credential(&headers, certificate)
    }

    #[test]
    fn an_explicit_header_counts_alone() {
        let bearer = |given| match with(&[given], Some([7; 32])) {
            Ok(Credential::Bearer(text)) => Some(text.expose().to_owned()),
            Ok(Credential::Certificate(_)) | Err(_) => None,
        };
        assert_eq!(bearer("Bearer key").as_deref(), Some("key"));
        assert_eq!(bearer("bearer  key").as_deref(), Some("key"));
        assert_eq!(bearer("Basic key"), None);
        assert_eq!(bearer("key"), None);
        let twice = with(&["Bearer a", "Bearer b"], None);
        assert!(matches!(twice, Err(Error::CredentialRefused)));
        let certificate = with(&[], Some([7; 32]));
        assert!(matches!(certificate, Ok(Credential::Certificate(of)) if of == [7; 32]));
        assert!(matches!(with(&[], None), Err(Error::CredentialMissing)));
    }
}
