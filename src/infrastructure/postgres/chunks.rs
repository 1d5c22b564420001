//! Chunks in PostgreSQL.

use async_trait::async_trait;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::application::caller::Caller;
use crate::application::ports::chunks::{
    CHUNK_PAGE_BYTES, Chunk, Chunks, HEAD_PAGE_BYTES, VersionKey,
};
use crate::application::store_error::Error;
use crate::domain::ingest::batch::{self, Batch};
use crate::domain::names::uid::DocumentUid;
use crate::infrastructure::columns::{damaged, stored};
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::partition_table;
use crate::infrastructure::postgres::placement;
use crate::infrastructure::postgres::retry::read;
use crate::infrastructure::rows::chunk::{Page, chunk, head};
use crate::infrastructure::rows::structure::columned;

/// A page of chunks, through the one that reaches a number of bytes.
const CHUNKS: &str = "WITH first AS (
         SELECT ordinal, end_byte - start_byte
             + coalesce(length(context), 0) + coalesce(length(sections), 0) + coalesce(length(parents), 0) AS bytes
         FROM chunks_pNN
         WHERE partition_key = key_NN AND document_uid = $2 AND version = $3 AND ordinal >= $4
         ORDER BY ordinal LIMIT $5),
     page AS (
         SELECT ordinal, sum(bytes) OVER (ORDER BY ordinal) - bytes AS before FROM first)
     SELECT * FROM chunks_pNN
     WHERE partition_key = key_NN AND document_uid = $2 AND version = $3 AND ordinal >= $4
         AND ordinal <= (SELECT max(ordinal) FROM page WHERE before < $6)
         AND EXISTS (SELECT 1 FROM documents WHERE uid = $2 AND tenant = $1)
     ORDER BY ordinal";

/// Selects a page without texts, which do not count then.
const HEADS: &str = "WITH first AS (
         SELECT ordinal, start_byte, start_character, start_line, start_source,
             end_byte, end_character, end_line, end_source,
             sha256, key, kind, flags, context, sections, parents, tokens,
             coalesce(length(context), 0) + coalesce(length(sections), 0) + coalesce(length(parents), 0) AS bytes
         FROM chunks_pNN
         WHERE partition_key = key_NN AND document_uid = $2 AND version = $3 AND ordinal >= $4
             AND EXISTS (SELECT 1 FROM documents WHERE uid = $2 AND tenant = $1)
         ORDER BY ordinal LIMIT $5),
     page AS (SELECT *, sum(bytes) OVER (ORDER BY ordinal) - bytes AS before FROM first)
     SELECT * FROM page WHERE before < $6 ORDER BY ordinal";

#[async_trait]
impl Chunks for Postgres {
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

impl Postgres {
    async fn page(
        &self,
        statement: &'static str,
        caller: &Caller,
        page: Page,
    ) -> Result<Vec<PgRow>, Error> {
        let list = sqlx::query(partition_table::on(page.of.partition, statement)?)
            .bind(&caller.tenant)
            .bind(page.of.document)
            .bind(stored(page.of.version))
            .bind(stored(page.from))
            .bind(i64::from(page.rows))
            .bind(stored(page.bytes))
            .fetch_all(&self.pool);
        read(list).await
    }
}

/// The partition, document and version of a batch's rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Into {
    pub(super) partition: u32,
    pub(super) document: DocumentUid,
    pub(super) version: u64,
}

/// Inserts the rows of a batch into their partition.
///
/// One INSERT is used, not COPY. COPY ends with a small packet of its own. The driver's sockets delay that packet by
/// 40 ms a batch, until the one before is acknowledged (Nagle's algorithm, RFC 896). Texts are unnested one by one, and
/// contexts, sections, parents and numbers of tokens if there are any. All other values are found by their index, so no intermediate rows
/// are written.
pub(super) async fn insert(
    connection: &mut PgConnection,
    into: Into,
    batch: &Batch,
) -> Result<(), Error> {
    let statement = partition_table::on(
        into.partition,
        "INSERT INTO chunks_pNN (partition_key, document_uid, version, ordinal,
             start_byte, start_character, start_line, start_source,
             end_byte, end_character, end_line, end_source, sha256, key, kind, flags, context,
             sections, parents, tokens, text)
         SELECT $1, $2, $3, $4 + row,
             ($5::bigint[])[8 * row + 1], ($5::bigint[])[8 * row + 2],
             ($5::bigint[])[8 * row + 3], ($5::bigint[])[8 * row + 4],
             ($5::bigint[])[8 * row + 5], ($5::bigint[])[8 * row + 6],
             ($5::bigint[])[8 * row + 7], ($5::bigint[])[8 * row + 8],
             substr($6::bytea, 32 * row + 1, 32),
             CASE WHEN context IS NOT NULL THEN substr($11::bytea, 32 * row + 1, 32) END,
             ($10::integer[])[2 * row + 1], ($10::integer[])[2 * row + 2], context,
             sections, parents, tokens, text
         FROM (SELECT generate_series(0, $7 - 1) AS row, unnest($8::text[]) AS text,
             unnest($9::text[]) AS context, unnest($12::text[]) AS sections, unnest($13::bytea[]) AS parents,
             unnest($14::integer[]) AS tokens)
             AS rows",
    )?;
    let first = batch.chunks.first().map_or(0, |chunk| chunk.ordinal);
    let mut places = Vec::new();
    let mut digests = Vec::new();
    for (chunk, ordinal) in batch.chunks.iter().zip(first..) {
        if chunk.ordinal != ordinal {
            return Err(damaged("a batch with a gap"));
        }
        for place in [chunk.span.start, chunk.span.end] {
            places.extend(place.units().map(stored));
        }
        digests.extend_from_slice(&chunk.sha256);
    }
    let structures = columned(&batch.chunks)?;
    // Without any context the columns of contexts and keys are NULL in all rows.
    let contexts = if_any(structures.iter().map(|one| one.context.as_deref()));
    let sections = if_any(structures.iter().map(|one| one.sections.as_deref()));
    let parents = if_any(structures.iter().map(|one| one.parents.as_deref()));
    let tokens = if_any(structures.iter().map(|one| one.tokens));
    let kinds: Vec<i32> = structures
        .iter()
        .flat_map(|one| [one.kind, one.flags])
        .collect();
    let keyed = contexts.iter().flat_map(|_| &batch.chunks);
    let keys = keyed.flat_map(|chunk| chunk.key).collect::<Vec<u8>>();
    let texts: Vec<&str> = batch.chunks.iter().map(|chunk| batch.text(chunk)).collect();
    let rows = i32::try_from(texts.len()).map_err(|_many| damaged("a batch out of range"))?;
    let inserted = sqlx::query(statement)
        .bind(placement::signed(into.partition))
        .bind(into.document)
        .bind(stored(into.version))
        .bind(stored(first))
        .bind(places)
        .bind(digests)
        .bind(rows)
        .bind(texts)
        .bind(contexts)
        .bind(kinds)
        .bind(keys)
        .bind(sections)
        .bind(parents)
        .bind(tokens)
        .execute(connection)
        .await
        .map_err(failed)?;
    if inserted.rows_affected() != batch.chunks.len() as u64 {
        return Err(damaged("an INSERT of fewer rows than given"));
    }
    Ok(())
}

/// Returns the values, or `None` if all are `None`.
fn if_any<T>(values: impl Iterator<Item = Option<T>>) -> Option<Vec<Option<T>>> {
    let values: Vec<_> = values.collect();
    values.iter().any(Option::is_some).then_some(values)
}
