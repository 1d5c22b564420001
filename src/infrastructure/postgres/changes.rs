//! Changes in PostgreSQL.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::changes::{Change, Changes, Extent};
use crate::application::ports::chunks::Of;
use crate::application::ports::documents::Document;
use crate::application::ports::store_error::Error;
use crate::domain::names::uid::{CollectionUid, DocumentUid};
use crate::infrastructure::columns::{Columns, stored};
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::partition_table;
use crate::infrastructure::postgres::retry::read;
use crate::infrastructure::rows::change::{change, extent};
use crate::infrastructure::rows::document::document;
use crate::infrastructure::sql;

#[async_trait]
impl Changes for Postgres {
    async fn changes_extent(
        &self,
        caller: &Caller,
        collection: &CollectionUid,
    ) -> Result<Option<Extent>, Error> {
        let found = read(
            sqlx::query(sql::changes::EXTENT)
                .bind(&caller.tenant)
                .bind(collection)
                .fetch_optional(&self.pool),
        )
        .await?;
        found.as_ref().map(extent).transpose()
    }

    async fn change_after(
        &self,
        caller: &Caller,
        collection: &CollectionUid,
        seq: u64,
    ) -> Result<Option<Change>, Error> {
        let found = read(
            sqlx::query(sql::changes::CHANGE_AFTER)
                .bind(&caller.tenant)
                .bind(collection)
                .bind(stored(seq))
                .fetch_optional(&self.pool),
        )
        .await?;
        found.as_ref().map(change).transpose()
    }

    async fn version_at(
        &self,
        caller: &Caller,
        document: &DocumentUid,
        seq: u64,
    ) -> Result<Option<u64>, Error> {
        let found = read(
            sqlx::query(sql::changes::VERSION_AT)
                .bind(&caller.tenant)
                .bind(document)
                .bind(stored(seq))
                .fetch_optional(&self.pool),
        )
        .await?;
        found.map(|found| found.count("version_before")).transpose()
    }

    async fn document_of(
        &self,
        caller: &Caller,
        uid: &DocumentUid,
    ) -> Result<Option<Document>, Error> {
        let found = read(
            sqlx::query(sql::changes::DOCUMENT_OF)
                .bind(&caller.tenant)
                .bind(uid)
                .fetch_optional(&self.pool),
        )
        .await?;
        found.as_ref().map(document).transpose()
    }

    async fn document_after(
        &self,
        caller: &Caller,
        collection: &CollectionUid,
        after: &DocumentUid,
    ) -> Result<Option<Document>, Error> {
        let found = read(
            sqlx::query(sql::changes::DOCUMENT_AFTER)
                .bind(&caller.tenant)
                .bind(collection)
                .bind(after)
                .fetch_optional(&self.pool),
        )
        .await?;
        found.as_ref().map(document).transpose()
    }

    async fn version_chunks(
        &self,
        caller: &Caller,
        document: &DocumentUid,
        version: u64,
    ) -> Result<Option<u64>, Error> {
        let found = read(
            sqlx::query(sql::changes::VERSION_CHUNKS)
                .bind(&caller.tenant)
                .bind(document)
                .bind(stored(version))
                .fetch_optional(&self.pool),
        )
        .await?;
        found.map(|found| found.count("chunks")).transpose()
    }

    async fn chunk_keys(
        &self,
        caller: &Caller,
        of: Of,
        from: u64,
        rows: u32,
    ) -> Result<Vec<[u8; 32]>, Error> {
        let statement = partition_table::on(
            of.partition,
            "SELECT COALESCE(key, sha256) AS key FROM chunks_pNN
             WHERE partition_key = key_NN AND document_uid = $2 AND version = $3 AND ordinal >= $4 AND ordinal < $5
                 AND EXISTS (SELECT 1 FROM documents WHERE uid = $2 AND tenant = $1)
             ORDER BY ordinal",
        )?;
        let list = sqlx::query(statement)
            .bind(&caller.tenant)
            .bind(of.document)
            .bind(stored(of.version))
            .bind(stored(from))
            .bind(stored(from + u64::from(rows)))
            .fetch_all(&self.pool);
        let list = read(list).await?;
        list.iter().map(|found| found.digest("key")).collect()
    }
}
