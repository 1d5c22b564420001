//! Lists the audit log. An admin sees the entries of its own tenant, an operator all entries.

use std::sync::Arc;

use crate::application::admin::keys::may_see;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::pagination::page::{Listed, Page};
use crate::application::pagination::page_token::Tokens;
use crate::application::ports::audit::Wanted;
use crate::application::ports::store::Store;
use crate::domain::audit::Entry;
use crate::domain::identity::role::Role;
use crate::domain::names::uid::ChainUid;
use crate::domain::timestamp::Timestamp;

/// The use case of listing the audit log.
#[derive(Clone, Debug)]
pub struct Log {
    /// The store of the chains.
    pub store: Arc<dyn Store>,
    /// The page tokens.
    pub tokens: Tokens,
}

impl Log {
    /// Returns a page of entries, the newest first. The page token sets `wanted.behind`; its given value is ignored.
    ///
    /// # Errors
    ///
    /// Fails if the tenant does not exist or the caller may not see it. All tenants may be listed by operators only.
    /// Also fails for a negative page size, and for a page token of another list.
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

/// Returns the token of the last entry of a page: its time, chain and number.
fn token(entry: &Entry) -> String {
    let chain = u128::from_be_bytes(*entry.chain.bytes());
    format!("{} {chain} {}", entry.event.at.micros(), entry.seq)
}

fn place(token: &str) -> Option<(Timestamp, ChainUid, u64)> {
    let mut parts = token.split(' ');
    let at = Timestamp::from_micros(parts.next()?.parse().ok()?);
    let chain = parts.next()?.parse::<u128>().ok()?.to_be_bytes();
    Some((at, chain.into(), parts.next()?.parse().ok()?))
}
