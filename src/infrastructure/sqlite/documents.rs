//! Documents in SQLite.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use crate::application::caller::Caller;
use crate::application::ports::documents::{Document, Documents, Version};
use crate::application::ports::failure::Error;
use crate::domain::name::{CollectionId, DocumentId, DocumentName};
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::infrastructure::sqlite::failure::failed;
use crate::infrastructure::sqlite::row;

#[async_trait]
impl Documents for Sqlite {
    async fn document(
        &self,
        caller: &Caller,
        name: &DocumentName,
    ) -> Result<Option<Document>, Error> {
        let found = sqlx::query(
            "SELECT documents.*, versions.version, versions.chunks AS version_chunks,
                 versions.source_bytes, versions.text_bytes AS version_text_bytes,
                 versions.characters, versions.lines, versions.source_sha256
             FROM documents
             JOIN collections ON collections.uid = documents.collection_uid
             LEFT JOIN versions ON versions.document_uid = documents.uid
                 AND versions.version = documents.current_version
             WHERE documents.tenant = ? AND collections.collection_id = ? AND documents.document_id = ?",
        )
        .bind(&caller.tenant)
        .bind(name.collection.as_str())
        .bind(name.document.as_str())
        .fetch_optional(&self.readers)
        .await
        .map_err(failed)?;
        found.as_ref().map(document).transpose()
    }

    async fn documents(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        after: &str,
        rows: u32,
    ) -> Result<Vec<Document>, Error> {
        let list = sqlx::query(
            "SELECT documents.*, versions.version, versions.chunks AS version_chunks,
                 versions.source_bytes, versions.text_bytes AS version_text_bytes,
                 versions.characters, versions.lines, versions.source_sha256
             FROM collections
             JOIN documents ON documents.tenant = collections.tenant
                 AND documents.collection_uid = collections.uid
             LEFT JOIN versions ON versions.document_uid = documents.uid
                 AND versions.version = documents.current_version
             WHERE collections.tenant = ? AND collections.collection_id = ?
                 AND documents.document_id > ?
             ORDER BY documents.document_id LIMIT ?",
        )
        .bind(&caller.tenant)
        .bind(collection.as_str())
        .bind(after)
        .bind(rows)
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        list.iter().map(document).collect()
    }
}

fn document(found: &SqliteRow) -> Result<Document, Error> {
    let current = row::count(found, "current_version")?;
    Ok(Document {
        uid: row::fixed(found, "uid")?,
        id: row::name(DocumentId::parse(&row::text(found, "document_id")?))?,
        display_name: row::text(found, "display_name")?,
        media_type: row::text(found, "media_type")?,
        labels: row::json(found, "labels")?,
        partition: row::small(found, "partition_key")?,
        current: (current > 0).then(|| version(found)).transpose()?,
        created_at: row::signed(found, "created_at")?,
        updated_at: row::signed(found, "updated_at")?,
    })
}

fn version(found: &SqliteRow) -> Result<Version, Error> {
    Ok(Version {
        version: row::count(found, "version")?,
        chunks: row::count(found, "version_chunks")?,
        source_bytes: row::count(found, "source_bytes")?,
        text_bytes: row::count(found, "version_text_bytes")?,
        characters: row::count(found, "characters")?,
        lines: row::count(found, "lines")?,
        source_sha256: row::fixed(found, "source_sha256")?,
    })
}
