//! Chunks in SQLite.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite as Driver, SqliteConnection};

use crate::application::caller::Caller;
use crate::application::ports::chunks::{
    CHUNK_PAGE_BYTES, Chunk, Chunks, HEAD_PAGE_BYTES, VersionKey,
};
use crate::application::store_error::Error;
use crate::domain::ingest::batch::{self, Batch};
use crate::domain::names::uid::DocumentUid;
use crate::domain::text::position::Position;
use crate::infrastructure::columns::{damaged, stored};
use crate::infrastructure::rows::chunk::{Page, chunk, head};
use crate::infrastructure::rows::structure::columned;
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::infrastructure::sqlite::error::failed;

/// The rows of one INSERT. More are no faster, and each row has twenty-one arguments.
const INSERT_ROWS: usize = 100;

/// The partition, document and version of a batch's rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Into {
    pub(super) partition: u32,
    pub(super) document: DocumentUid,
    pub(super) version: u64,
}

/// A page of chunks, through the one that reaches a number of bytes.
const CHUNKS: &str = "WITH first (ordinal, bytes) AS (
         SELECT ordinal, end_byte - start_byte
             + coalesce(length(context), 0) + coalesce(length(sections), 0) + coalesce(length(parents), 0)
         FROM chunks
         WHERE partition_key = ?2 AND document_uid = ?3 AND version = ?4 AND ordinal >= ?5
         ORDER BY ordinal LIMIT ?6),
     page (ordinal, before) AS (
         SELECT ordinal, sum(bytes) OVER (ORDER BY ordinal) - bytes FROM first)
     SELECT chunks.* FROM page
     CROSS JOIN chunks ON chunks.partition_key = ?2 AND chunks.document_uid = ?3
         AND chunks.version = ?4 AND chunks.ordinal = page.ordinal
     JOIN documents ON documents.uid = chunks.document_uid AND documents.tenant = ?1
     WHERE page.before < ?7
     ORDER BY chunks.ordinal";

/// Selects a page without texts, which do not count then.
const HEADS: &str = "WITH first AS (
         SELECT ordinal, start_byte, start_character, start_line, start_source,
             end_byte, end_character, end_line, end_source,
             sha256, key, kind, flags, context, sections, parents, tokens,
             coalesce(length(context), 0) + coalesce(length(sections), 0) + coalesce(length(parents), 0) AS bytes
         FROM chunks
         WHERE partition_key = ?2 AND document_uid = ?3 AND version = ?4 AND ordinal >= ?5
             AND EXISTS (SELECT 1 FROM documents WHERE uid = ?3 AND tenant = ?1)
         ORDER BY ordinal LIMIT ?6),
     page AS (SELECT *, sum(bytes) OVER (ORDER BY ordinal) - bytes AS before FROM first)
     SELECT * FROM page WHERE before < ?7 ORDER BY ordinal";

#[async_trait]
impl Chunks for Sqlite {
    async fn chunks(
        &self,
        caller: &Caller,
        of: VersionKey,
        from: u64,
        rows: u32,
    ) -> Result<Vec<Chunk>, Error> {
        let page = Page {
            of,
            from,
            rows,
            bytes: CHUNK_PAGE_BYTES,
        };
        let list = self.page(CHUNKS, caller, page).await?;
        list.iter().map(chunk).collect()
    }

    async fn chunk_heads(
        &self,
        caller: &Caller,
        of: VersionKey,
        from: u64,
        rows: u32,
    ) -> Result<Vec<batch::Chunk>, Error> {
        let page = Page {
            of,
            from,
            rows,
            bytes: HEAD_PAGE_BYTES,
        };
        let list = self.page(HEADS, caller, page).await?;
        list.iter().map(head).collect()
    }
}

impl Sqlite {
    async fn page(
        &self,
        statement: &'static str,
        caller: &Caller,
        page: Page,
    ) -> Result<Vec<SqliteRow>, Error> {
        sqlx::query(statement)
            .bind(&caller.tenant)
            .bind(page.of.partition)
            .bind(page.of.document)
            .bind(stored(page.of.version))
            .bind(stored(page.from))
            .bind(page.rows)
            .bind(stored(page.bytes))
            .fetch_all(&self.readers)
            .await
            .map_err(failed)
    }
}

/// Inserts the rows of a batch.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    into: Into,
    batch: &Batch,
) -> Result<(), Error> {
    let structures = columned(&batch.chunks)?;
    let rows: Vec<_> = batch.chunks.iter().zip(&structures).collect();
    for chunks in rows.chunks(INSERT_ROWS) {
        let mut insert = QueryBuilder::<Driver>::new(
            "INSERT INTO chunks (partition_key, document_uid, version, ordinal,
                 start_byte, start_character, start_line, start_source,
                 end_byte, end_character, end_line, end_source, sha256, key, kind, flags, context,
                 sections, parents, tokens, text) ",
        );
        insert.push_values(chunks, |mut row, (chunk, structure)| {
            row.push_bind(into.partition)
                .push_bind(into.document)
                .push_bind(stored(into.version))
                .push_bind(stored(chunk.ordinal));
            for Position {
                byte,
                character,
                line,
                source,
            } in [chunk.span.start, chunk.span.end]
            {
                for place in [byte, character, line, source] {
                    row.push_bind(stored(place));
                }
            }
            row.push_bind(chunk.sha256.to_vec())
                .push_bind(structure.key.map(|key| key.to_vec()))
                .push_bind(structure.kind)
                .push_bind(structure.flags)
                .push_bind(structure.context.clone())
                .push_bind(structure.sections.clone())
                .push_bind(structure.parents.clone())
                .push_bind(structure.tokens)
                .push_bind(batch.text(chunk).to_owned());
        });
        let inserted = insert
            .build()
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        if inserted.rows_affected() != chunks.len() as u64 {
            return Err(damaged("an INSERT of fewer rows than given"));
        }
    }
    Ok(())
}

/// Adds the chunks and bytes of a batch to the counts of its document.
pub(super) async fn weigh(
    connection: &mut SqliteConnection,
    document: &DocumentUid,
    batch: &Batch,
) -> Result<(), Error> {
    let spans = batch
        .chunks
        .iter()
        .map(|chunk| chunk.span.end.byte - chunk.span.start.byte);
    sqlx::query(
        "UPDATE documents SET chunks = chunks + ?, text_bytes = text_bytes + ? WHERE uid = ?",
    )
    .bind(stored(batch.chunks.len() as u64))
    .bind(stored(spans.sum()))
    .bind(document)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}
