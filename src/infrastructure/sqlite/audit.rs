//! The audit log in SQLite. Triggers reject changes to its entries.

use async_trait::async_trait;

use crate::application::ports::audit::{Audit, Chain, Sealed, Wanted};
use crate::application::ports::jobs::{Done, Fence};
use crate::application::store_error::Error;
use crate::domain::audit::{Entry, Event, Head};
use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::ChainUid;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::columns::stored;
use crate::infrastructure::common_statements;
use crate::infrastructure::rows::audit;
use crate::infrastructure::sqlite::connection::{BEGIN, Sqlite};
use crate::infrastructure::sqlite::error::failed;

/// Two statements list the entries, of one tenant and of all. One condition for both would use no index.
const EVENTS_OF_TENANT: &str = "SELECT * FROM audit_entries
    WHERE tenant = ?1 AND at >= ?2 AND at < ?3 AND (at, chain, seq) < (?4, ?5, ?6)
    ORDER BY at DESC, chain DESC, seq DESC LIMIT ?7";
const EVENTS: &str = "SELECT * FROM audit_entries
    WHERE ?1 IS NULL AND at >= ?2 AND at < ?3 AND (at, chain, seq) < (?4, ?5, ?6)
    ORDER BY at DESC, chain DESC, seq DESC LIMIT ?7";

#[async_trait]
impl Audit for Sqlite {
    async fn append_audit(&self, entries: &[Entry], head: &Sealed) -> Result<(), Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        let Sealed { head, mac } = head;
        sqlx::query(common_statements::audit::SET_HEAD)
            .bind(head.chain)
            .bind(stored(head.seq))
            .bind(head.hash.to_vec())
            .bind(mac.to_vec())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        for entry in entries {
            let Event {
                at,
                tenant,
                principal,
                source,
                method,
                target,
                result,
                count,
            } = &entry.event;
            sqlx::query(
                "INSERT INTO audit_entries
                     (chain, seq, at, tenant, principal, source, method, target, result, count, hash)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (chain, seq) DO NOTHING",
            )
            .bind(entry.chain)
            .bind(stored(entry.seq))
            .bind(at)
            .bind(tenant)
            .bind(principal)
            .bind(source)
            .bind(method)
            .bind(target)
            .bind(result)
            .bind(stored(*count))
            .bind(entry.hash.to_vec())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    async fn audit_chains(&self) -> Result<Vec<Chain>, Error> {
        let chains = sqlx::query(common_statements::audit::CHAINS)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        chains.iter().map(audit::chain).collect()
    }

    async fn audit_entries(
        &self,
        chain: &ChainUid,
        after_seq: u64,
        rows: u32,
    ) -> Result<Vec<Entry>, Error> {
        let entries = sqlx::query(common_statements::audit::ENTRIES)
            .bind(chain)
            .bind(stored(after_seq))
            .bind(rows)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        entries.iter().map(audit::entry).collect()
    }

    async fn audit_events(&self, wanted: &Wanted, rows: u32) -> Result<Vec<Entry>, Error> {
        let (at, chain, seq) = wanted
            .behind
            .unwrap_or((Timestamp::MAX, ChainUid::MAX, u64::MAX));
        let statement = match wanted.tenant {
            Some(_) => EVENTS_OF_TENANT,
            None => EVENTS,
        };
        let entries = sqlx::query(statement)
            .bind(wanted.tenant.as_ref().map(TenantId::as_str))
            .bind(wanted.since.unwrap_or(Timestamp::MIN))
            .bind(wanted.until.unwrap_or(Timestamp::MAX))
            .bind(at)
            .bind(chain)
            .bind(stored(seq))
            .bind(rows)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        entries.iter().map(audit::entry).collect()
    }

    async fn audit_before(&self, before: Timestamp, rows: u32) -> Result<Option<Head>, Error> {
        let found = sqlx::query(common_statements::audit::LAST_BEFORE)
            .bind(before)
            .bind(rows)
            .fetch_optional(&self.readers)
            .await
            .map_err(failed)?;
        found.as_ref().map(audit::head).transpose()
    }

    async fn forget_audit(&self, fence: Fence, checkpoint: &Sealed) -> Result<Option<Done>, Error> {
        let Some(mut transaction) = self.fenced(fence).await? else {
            return Ok(None);
        };
        let Sealed { head, mac } = checkpoint;
        sqlx::query(common_statements::audit::CHECKPOINT)
            .bind(head.chain)
            .bind(stored(head.seq))
            .bind(head.hash.to_vec())
            .bind(mac.to_vec())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let forgotten = sqlx::query(common_statements::audit::FORGET)
            .bind(head.chain)
            .bind(stored(head.seq))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(Done {
            rows: forgotten.rows_affected(),
            updates: vec![],
        }))
    }
}
