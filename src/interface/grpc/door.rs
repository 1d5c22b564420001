//! The door: who is let in, to which method, under which host's name.
//!
//! What a request brings is looked for in one order: an `authorization` header, which then counts
//! alone, else the certificate of its connection. Without identity everybody is an operator of the
//! tenant `default`.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::identity::{Credential, Identity};
use crate::domain::access::Role;
use crate::domain::secret::Secret;
use crate::interface::grpc::methods;
use crate::interface::peer::Peer;

/// What anybody may ask: load balancers have no credentials.
const HEALTH: &str = "/grpc.health.v1.Health/";
/// How often it is looked whether the caller of a stream may still be here.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Who is let in.
#[derive(Clone, Debug)]
pub struct Door {
    /// Knows callers; none: everybody may do everything.
    pub identity: Option<Identity>,
    /// Names by which clients may call the server, besides those of this machine; none: any.
    pub hosts: Option<Arc<[String]>>,
}

/// A caller that was let in.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Who it is.
    pub caller: Caller,
    /// By what; none: nothing was needed.
    credential: Option<Credential>,
}

impl Door {
    /// The caller of a request, if it may call the method at this path.
    ///
    /// # Errors
    ///
    /// Fails if there is no credential, it is not accepted, or the caller's role is not enough; and
    /// if the store does.
    pub async fn admit(
        &self,
        path: &str,
        headers: &HeaderMap,
        peer: Option<Peer>,
    ) -> Result<Admitted, Error> {
        let open = || Admitted {
            caller: Caller::anonymous(),
            credential: None,
        };
        let Some(identity) = &self.identity else {
            return Ok(open());
        };
        if path.starts_with(HEALTH) {
            return Ok(open());
        }
        let credential = credential(headers, peer)?;
        let caller = identity.authenticate(&credential).await?;
        // What is not ours is reflection, or nothing at all.
        let needed = methods::at(path).map_or(Role::Reader, |method| method.role);
        if caller.role < needed {
            return Err(Error::RoleTooLow {
                needed: needed.name(),
            });
        }
        Ok(Admitted {
            caller,
            credential: Some(credential),
        })
    }

    /// Waits until the caller would not be let in any more, and returns why; for ever, if it needs
    /// nothing to be let in. A store that fails is no reason.
    pub async fn lost(&self, admitted: &Admitted) -> Error {
        let (Some(identity), Some(credential)) = (&self.identity, &admitted.credential) else {
            return std::future::pending().await;
        };
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Err(Error::CredentialRefused) = identity.authenticate(credential).await {
                return Error::CredentialRefused;
            }
        }
    }

    /// Whether a client may call the server by this name, which is not of this machine.
    #[must_use]
    pub fn is_host(&self, host: &str) -> bool {
        let is_this = |known: &String| known.eq_ignore_ascii_case(host);
        self.hosts
            .as_ref()
            .is_none_or(|hosts| hosts.iter().any(is_this))
    }
}

fn credential(headers: &HeaderMap, peer: Option<Peer>) -> Result<Credential, Error> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = given.next() else {
        let certificate = peer.and_then(|peer| peer.certificate);
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
    use crate::interface::peer::Peer;

    fn with(given: &[&'static str], certificate: Option<[u8; 32]>) -> Result<Credential, Error> {
        let mut headers = HeaderMap::new();
        for given in given {
            headers.append("authorization", HeaderValue::from_static(given));
        }
        let address = ([127, 0, 0, 1], 1).into();
        credential(
            &headers,
            Some(Peer {
                address,
                certificate,
            }),
        )
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
