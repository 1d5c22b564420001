//! Builds the administration: keys, tenants, the audit log.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use crate::application::admin::keys::Keys;
use crate::application::admin::tenants::Tenants;
use crate::application::audit::chain_signer::ChainSigner;
use crate::application::audit::log::Log;
use crate::application::audit::verify::{Report, verify};
use crate::application::pagination::page_token::Tokens;
use crate::application::ports::clock::Clock;
use crate::application::ports::store::Store;
use crate::domain::audit::Head;
use crate::domain::identity::secret::Secret;
use crate::domain::ingest::digest;
use crate::infrastructure::system_clock::System;
use crate::interface::grpc::admin::{Info, Service};

/// The minimum length of a secret.
const KEY_BYTES_MIN: usize = 16;

/// Returns the service for administrators.
pub(super) fn service(
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    tokens: &Tokens,
    info: Info,
) -> Service {
    Service {
        tenants: Tenants {
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            tokens: tokens.clone(),
        },
        keys: keys(store, clock, tokens.clone()),
        log: Log {
            store: Arc::clone(store),
            tokens: tokens.clone(),
        },
        info,
    }
}

/// Creates the first operator's key. `None` if there is one that works and `force` is not set.
pub(super) async fn first_key(
    store: &Arc<dyn Store>,
    force: bool,
) -> anyhow::Result<Option<Secret>> {
    let clock: Arc<dyn Clock> = Arc::new(System);
    let tokens = Tokens::new(&secret(store, &clock).await?);
    Ok(keys(store, &clock, tokens).bootstrap(force).await?)
}

/// Verifies the audit log, and returns its faults.
pub(super) async fn audited(
    store: &Arc<dyn Store>,
    key_file: &Path,
    printed: &[Head],
) -> anyhow::Result<Report> {
    let clock: Arc<dyn Clock> = Arc::new(System);
    let signer = signer(key_file, &secret(store, &clock).await?)?;
    Ok(verify(store.as_ref(), &signer, printed).await?)
}

/// Returns the secret that all instances share.
pub(super) async fn secret(
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<[u8; 32]> {
    let key = [clock.new_secret(), clock.new_secret()].concat();
    Ok(store.secret(digest::sha256(&key)).await?)
}

/// Returns the signer of the heads of the audit log: by the secret of the file, or else of the store.
pub(super) fn signer(key_file: &Path, secret: &[u8; 32]) -> anyhow::Result<ChainSigner> {
    if key_file.as_os_str().is_empty() {
        return Ok(ChainSigner::new(secret));
    }
    let named = || format!("audit.key_file {}", key_file.display());
    let key = std::fs::read(key_file).with_context(named)?;
    let key = key.trim_ascii();
    anyhow::ensure!(
        key.len() >= KEY_BYTES_MIN,
        "{}: must have at least {KEY_BYTES_MIN} bytes",
        named()
    );
    Ok(ChainSigner::new(key))
}

fn keys(store: &Arc<dyn Store>, clock: &Arc<dyn Clock>, tokens: Tokens) -> Keys {
    Keys {
        store: Arc::clone(store),
        clock: Arc::clone(clock),
        tokens,
    }
}
