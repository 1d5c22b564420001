//! The audit log in PostgreSQL. Triggers reject changes to its entries.

use async_trait::async_trait;

use crate::application::ports::audit::{Audit, Chain, Sealed, Wanted};
use crate::application::ports::jobs::{Done, Fence};
use crate::application::store_error::Error;
use crate::domain::audit::{Entry, Head};
use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::ChainUid;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::columns::stored;
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::retry::{read, transact};
use crate::infrastructure::rows::audit;

#[async_trait]
impl Audit for Postgres {
    async fn append_audit(&self, entries: &[Entry], head: &Sealed) -> Result<(), Error> {
        transact(|_before| append(self, entries, head)).await
    }

    async fn audit_chains(&self) -> Result<Vec<Chain>, Error> {
        let chains = sqlx::query(common_statements::audit::CHAINS).fetch_all(&self.pool);
        read(chains).await?.iter().map(audit::chain).collect()
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
            .bind(i64::from(rows))
            .fetch_all(&self.pool);
        read(entries).await?.iter().map(audit::entry).collect()
    }

    async fn audit_events(&self, wanted: &Wanted, rows: u32) -> Result<Vec<Entry>, Error> {
        let (at, chain, seq) = wanted
            .behind
            .unwrap_or((Timestamp::MAX, ChainUid::MAX, u64::MAX));
        let entries = sqlx::query(
            "SELECT * FROM audit_entries
             WHERE ($1::text IS NULL OR tenant = $1) AND at >= $2 AND at < $3
                 AND (at, chain, seq) < ($4, $5, $6)
             ORDER BY at DESC, chain DESC, seq DESC LIMIT $7",
        )
        .bind(wanted.tenant.as_ref().map(TenantId::as_str))
        .bind(wanted.since.unwrap_or(Timestamp::MIN))
        .bind(wanted.until.unwrap_or(Timestamp::MAX))
        .bind(at)
        .bind(chain)
        .bind(stored(seq))
        .bind(i64::from(rows))
        .fetch_all(&self.pool);
        read(entries).await?.iter().map(audit::entry).collect()
    }

    async fn audit_before(&self, before: Timestamp, rows: u32) -> Result<Option<Head>, Error> {
        let found = sqlx::query(common_statements::audit::LAST_BEFORE)
            .bind(before)
            .bind(i64::from(rows))
            .fetch_optional(&self.pool);
        read(found).await?.as_ref().map(audit::head).transpose()
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

async fn append(store: &Postgres, entries: &[Entry], sealed: &Sealed) -> Result<(), Error> {
    let mut transaction = store.pool.begin().await.map_err(failed)?;
    let Sealed { head, mac } = sealed;
    sqlx::query(common_statements::audit::SET_HEAD)
        .bind(head.chain)
        .bind(stored(head.seq))
        .bind(head.hash.to_vec())
        .bind(mac.to_vec())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    let text = |of: fn(&Entry) -> &str| entries.iter().map(of).collect::<Vec<_>>();
    let number = |of: fn(&Entry) -> i64| entries.iter().map(of).collect::<Vec<_>>();
    let hashes = entries.iter().map(|entry| entry.hash.to_vec());
    sqlx::query(
        "INSERT INTO audit_entries
             (chain, seq, at, tenant, principal, source, method, target, result, count, hash)
         SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[],
             $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bytea[])
         ON CONFLICT (chain, seq) DO NOTHING",
    )
    .bind(head.chain)
    .bind(number(|entry| stored(entry.seq)))
    .bind(number(|entry| entry.event.at.micros()))
    .bind(text(|entry| &entry.event.tenant))
    .bind(text(|entry| &entry.event.principal))
    .bind(text(|entry| &entry.event.source))
    .bind(text(|entry| &entry.event.method))
    .bind(text(|entry| &entry.event.target))
    .bind(text(|entry| &entry.event.result))
    .bind(number(|entry| stored(entry.event.count)))
    .bind(hashes.collect::<Vec<_>>())
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}
