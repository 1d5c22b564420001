//! Changes in PostgreSQL.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::changes::{Change, Changes, Extent};
use crate::application::ports::documents::Document;
use crate::application::store_error::Error;
use crate::domain::names::uid::{CollectionUid, DocumentUid};
use crate::infrastructure::columns::{Columns, stored};
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::retry::read;
use crate::infrastructure::rows::change::{change, extent};
use crate::infrastructure::rows::document::document;

#[async_trait]
impl Changes for Postgres {
    async fn changes_extent(
        &self,
        caller: &Caller,
        collection: &CollectionUid,
    ) -> Result<Option<Extent>, Error> {
        let found = read(
            sqlx::query(common_statements::changes::EXTENT)
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
            sqlx::query(common_statements::changes::CHANGE_AFTER)
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
            sqlx::query(common_statements::changes::VERSION_AT)
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
            sqlx::query(common_statements::changes::DOCUMENT_OF)
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
            sqlx::query(common_statements::changes::DOCUMENT_AFTER)
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
            sqlx::query(common_statements::changes::VERSION_CHUNKS)
                .bind(&caller.tenant)
                .bind(document)
                .bind(stored(version))
                .fetch_optional(&self.pool),
        )
        .await?;
        found.map(|found| found.count("chunks")).transpose()
    }
}
