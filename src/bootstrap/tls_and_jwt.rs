//! Opens the files with the keys of tokens and the certificates of TLS, and follows their changes.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::ports::token_verifier::Bearer;
use crate::config::Config;
use crate::config::sections::identity::{Algorithm, Jwt, Tls};
use crate::infrastructure::certificates::{self, Files};
use crate::infrastructure::jwt_verifier::{Issuer, Settings};
use crate::infrastructure::reloading_files::Error;
use crate::interface::transport::tls;

/// The verifier of tokens and the TLS settings, from their files.
pub(super) struct Access {
    /// The verifier of tokens. `None` means that no tokens are accepted.
    pub(super) issued: Option<Arc<dyn Bearer>>,
    /// The newest TLS settings. `None` means that connections are not encrypted.
    pub(super) tls: Option<tls::Settings>,
}

impl Access {
    /// Reads the files, and follows their changes until `drain` is cancelled.
    pub(super) fn open(
        config: &Config,
        tasks: &TaskTracker,
        drain: &CancellationToken,
    ) -> Result<Self, Error> {
        let mut access = Self {
            issued: None,
            tls: None,
        };
        if config.identity.jwt.is_on() {
            let (issuer, keys) = Issuer::open(settings(&config.identity.jwt))?;
            access.issued = Some(Arc::new(issuer));
            tasks.spawn(keys.follow(drain.clone()));
        }
        if config.tls.is_on() {
            let certificates = certificates::open(files(&config.tls))?;
            access.tls = Some(certificates.subscribe());
            tasks.spawn(certificates.follow(drain.clone()));
        }
        Ok(access)
    }
}

fn settings(from: &Jwt) -> Settings {
    let algorithm = |algorithm: &Algorithm| match algorithm {
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    };
    Settings {
        jwks_file: from.jwks_file.clone(),
        algorithms: from.algorithms.iter().map(algorithm).collect(),
        issuer: from.issuer.clone(),
        audience: from.audience.clone(),
        tenant_claim: from.tenant_claim.clone(),
        role_claim: from.role_claim.clone(),
    }
}

fn files(from: &Tls) -> Files {
    Files {
        certificate: from.certificate_file.clone(),
        key: from.key_file.clone(),
        client_authorities: from.asks_clients().then(|| from.client_ca_file.clone()),
    }
}
