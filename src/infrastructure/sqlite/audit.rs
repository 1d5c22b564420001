//! The audit log in SQLite. Triggers reject changes to its entries.

use async_trait::async_trait;

use crate::application::ports::audit::{Audit, Chain, Sealed, Wanted};
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::jobs::{Done, Fence};
use crate::application::ports::store_error::Error;
use crate::domain::audit::{Entry, Event, Head};
use crate::domain::names::resource::TenantId;
use crate::infrastructure::columns::stored;
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
        sqlx::query(
            "INSERT INTO audit_chains (chain, head_seq, head_hash, head_mac) VALUES (?, ?, ?, ?)
             ON CONFLICT (chain) DO UPDATE SET
                 head_seq = excluded.head_seq, head_hash = excluded.head_hash,
                 head_mac = excluded.head_mac",
        )
        .bind(head.chain.to_vec())
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
            .bind(entry.chain.to_vec())
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
        let chains = sqlx::query("SELECT * FROM audit_chains ORDER BY chain")
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        chains.iter().map(audit::chain).collect()
    }

    async fn audit_entries(
        &self,
        chain: &Uid,
        after_seq: u64,
        rows: u32,
    ) -> Result<Vec<Entry>, Error> {
        let entries = sqlx::query(
            "SELECT * FROM audit_entries WHERE chain = ? AND seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(chain.to_vec())
        .bind(stored(after_seq))
        .bind(rows)
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        entries.iter().map(audit::entry).collect()
    }

    async fn audit_events(&self, wanted: &Wanted, rows: u32) -> Result<Vec<Entry>, Error> {
        let (at, chain, seq) = wanted.behind.unwrap_or((i64::MAX, [0xFF; 16], u64::MAX));
        let statement = match wanted.tenant {
            Some(_) => EVENTS_OF_TENANT,
            None => EVENTS,
        };
        let entries = sqlx::query(statement)
            .bind(wanted.tenant.as_ref().map(TenantId::as_str))
            .bind(wanted.since.unwrap_or(i64::MIN))
            .bind(wanted.until.unwrap_or(i64::MAX))
            .bind(at)
            .bind(chain.to_vec())
            .bind(stored(seq))
            .bind(rows)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        entries.iter().map(audit::entry).collect()
    }

    async fn audit_before(&self, before: Timestamp, rows: u32) -> Result<Option<Head>, Error> {
        let found = sqlx::query(
            "WITH old AS (
                 SELECT chain, checkpoint_seq AS from_seq, checkpoint_seq + ?2 AS to_seq
                 FROM audit_chains JOIN audit_entries USING (chain)
                 WHERE seq = checkpoint_seq + 1 AND at < ?1 LIMIT 1)
             SELECT chain, seq, hash FROM old JOIN audit_entries USING (chain)
             WHERE seq > from_seq AND seq <= to_seq AND NOT EXISTS (
                 SELECT 1 FROM audit_entries AS newer
                 WHERE newer.chain = old.chain AND newer.seq > from_seq
                     AND newer.seq <= audit_entries.seq AND newer.at >= ?1)
             ORDER BY seq DESC LIMIT 1",
        )
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
        sqlx::query(
            "UPDATE audit_chains
             SET checkpoint_seq = ?2, checkpoint_hash = ?3, checkpoint_mac = ?4
             WHERE chain = ?1 AND checkpoint_seq < ?2",
        )
        .bind(head.chain.to_vec())
        .bind(stored(head.seq))
        .bind(head.hash.to_vec())
        .bind(mac.to_vec())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        let forgotten = sqlx::query("DELETE FROM audit_entries WHERE chain = ? AND seq <= ?")
            .bind(head.chain.to_vec())
            .bind(stored(head.seq))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(Done {
            rows: forgotten.rows_affected(),
            news: vec![],
        }))
    }
}
