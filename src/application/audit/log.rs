//! Lists the audit log: an admin sees what was done in its own tenant, an operator all.

use std::sync::Arc;

use crate::application::admin::keys::may_see;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::pagination::page::{Listed, Page};
use crate::application::pagination::page_token::Tokens;
use crate::application::ports::audit::Wanted;
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::store::Store;
use crate::domain::audit::Entry;
use crate::domain::identity::role::Role;

/// The use case.
#[derive(Clone, Debug)]
pub struct Log {
    /// Where the chains are.
    pub store: Arc<dyn Store>,
    /// The tokens of pages.
    pub tokens: Tokens,
}

impl Log {
    /// A page of entries, the newest first. `wanted` has no entry that they are behind.
    ///
    /// # Errors
    ///
    /// Fails if the tenant is none that the caller may see, for all of them unless the caller is an
    /// operator, for a negative size, and for a token of another list.
    pub async fn list(
        &self,
        caller: &Caller,
        mut wanted: Wanted,
        page_size: i32,
        page_token: &str,
    ) -> Result<Listed<Entry>, Error> {
        match &wanted.tenant {
            Some(tenant) => {
                may_see(caller, tenant)?;
                let found = self.store.tenant(tenant).await?;
                found.ok_or(Error::NotFound { kind: "tenant" })?;
            }
            None if caller.role < Role::Operator => {
                let needed = Role::Operator.name();
                return Err(Error::RoleTooLow { needed });
            }
            None => {}
        }
        let tenant = wanted.tenant.as_ref().map_or("-", |tenant| tenant.as_str());
        let scope = format!("audit {tenant} {:?} {:?}", wanted.since, wanted.until);
        let page = Page::new(&self.tokens, caller, scope, page_size, page_token)?;
        wanted.behind = page.after.as_deref().and_then(place);
        let list = self.store.audit_events(&wanted, page.rows()).await?;
        Ok(page.cut(list, token, |entry| {
            let event = &entry.event;
            event.principal.len() + event.method.len() + event.target.len() * 2
        }))
    }
}

/// Which entry a page ends with.
fn token(entry: &Entry) -> String {
    let chain = u128::from_be_bytes(entry.chain);
    format!("{} {chain} {}", entry.event.at, entry.seq)
}

fn place(token: &str) -> Option<(Timestamp, Uid, u64)> {
    let mut parts = token.split(' ');
    let at = parts.next()?.parse().ok()?;
    let chain = parts.next()?.parse::<u128>().ok()?.to_be_bytes();
    Some((at, chain, parts.next()?.parse().ok()?))
}
