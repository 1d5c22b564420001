//! Chunks in PostgreSQL.

use async_trait::async_trait;
use sqlx::PgConnection;

use crate::application::caller::Caller;
use crate::application::ports::chunks::{Chunk, Chunks, Of, PAGE_BYTES};
use crate::application::ports::failure::Error;
use crate::domain::ingest::batch::Batch;
use crate::infrastructure::columns::{damaged, stored};
use crate::infrastructure::postgres::attempt::read;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::copy::{self, Into};
use crate::infrastructure::postgres::failure::failed;
use crate::infrastructure::postgres::leaf;
use crate::infrastructure::postgres::row::uuid;
use crate::infrastructure::rows::chunk::chunk;

/// Rows are sent in pieces of so many bytes: larger ones are no faster, and are held twice.
const PIECE_BYTES: usize = 128 * 1024;

#[async_trait]
impl Chunks for Postgres {
    async fn chunks(
        &self,
        caller: &Caller,
        of: Of,
        from: u64,
        rows: u32,
    ) -> Result<Vec<Chunk>, Error> {
        let statement = leaf::on(
            of.partition,
            "WITH first AS (
                 SELECT ordinal, end_byte - start_byte AS bytes FROM chunks_pNN
                 WHERE document_uid = $2 AND version = $3 AND ordinal >= $4
                 ORDER BY ordinal LIMIT $5),
             page AS (
                 SELECT ordinal, sum(bytes) OVER (ORDER BY ordinal) - bytes AS before FROM first)
             SELECT * FROM chunks_pNN
             WHERE document_uid = $2 AND version = $3 AND ordinal >= $4
                 AND ordinal <= (SELECT max(ordinal) FROM page WHERE before < $6)
                 AND EXISTS (SELECT 1 FROM documents WHERE uid = $2 AND tenant = $1)
             ORDER BY ordinal",
        )?;
        let list = sqlx::query(statement)
            .bind(&caller.tenant)
            .bind(uuid(&of.document))
            .bind(stored(of.version))
            .bind(stored(from))
            .bind(i64::from(rows))
            .bind(stored(PAGE_BYTES))
            .fetch_all(&self.pool);
        read(list).await?.iter().map(chunk).collect()
    }
}

/// Copies the rows of a batch into their partition.
pub(super) async fn insert(
    connection: &mut PgConnection,
    into: Into,
    batch: &Batch,
) -> Result<(), Error> {
    let statement = leaf::named(into.partition, copy::STATEMENT)?;
    let mut rows = connection.copy_in_raw(&statement).await.map_err(failed)?;
    let mut piece = Vec::with_capacity(2 * PIECE_BYTES);
    copy::header(&mut piece);
    for chunk in &batch.chunks {
        copy::row(&mut piece, into, chunk, batch.text(chunk))?;
        if piece.len() >= PIECE_BYTES {
            rows.send(piece.as_slice()).await.map_err(failed)?;
            piece.clear();
        }
    }
    copy::trailer(&mut piece);
    rows.send(piece.as_slice()).await.map_err(failed)?;
    let copied = rows.finish().await.map_err(failed)?;
    if copied != batch.chunks.len() as u64 {
        return Err(damaged("a COPY of fewer rows than given"));
    }
    Ok(())
}
