//! Chooses one of the two candidate partitions of a new document, by sums that are renewed at intervals.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use sqlx::{PgConnection, PgPool};

use crate::application::store_error::Error;
use crate::domain::names::uid::DocumentUid;
use crate::domain::partitions::candidates;
use crate::infrastructure::columns::Columns;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::retry::read;

/// The age from which sums are renewed before a document is placed by them.
const AGE_MAX: Duration = Duration::from_secs(5);
/// Counting takes at most 1/20 of an instance's time, however many documents there are. If counting is slow, the
/// sums are older.
const REST: u32 = 20;

/// The earliest time at which this instance may count again.
#[derive(Debug, Default)]
pub(super) struct Sums {
    next: Mutex<Option<Instant>>,
}

impl Sums {
    /// Counts the contents of the partitions, unless this or another instance counted them within [`AGE_MAX`].
    pub(super) async fn renew(&self, pool: &PgPool) -> Result<(), Error> {
        let now = Instant::now();
        if !self.claim(now) {
            return Ok(());
        }
        // The lock prevents two counts at once; the age prevents one count right after another.
        read(
            sqlx::query(
                "WITH moment (now) AS (
                     SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
                 due AS MATERIALIZED (
                     SELECT 1 FROM partition_sums, moment WHERE partition_key = 0
                         AND summed_at < moment.now - $1
                         AND pg_try_advisory_xact_lock(hashtext('partition_sums'))),
                 counted AS (
                     SELECT partition_key, count(*) AS documents, sum(chunks)::bigint AS chunks
                     FROM documents WHERE EXISTS (SELECT 1 FROM due)
                     GROUP BY partition_key)
                 UPDATE partition_sums SET documents = coalesce(counted.documents, 0),
                     summed_documents = coalesce(counted.documents, 0),
                     summed_chunks = coalesce(counted.chunks, 0), summed_at = moment.now
                 FROM moment, partition_sums AS each
                 LEFT JOIN counted USING (partition_key)
                 WHERE partition_sums.partition_key = each.partition_key
                     AND EXISTS (SELECT 1 FROM due)",
            )
            .bind(i64::try_from(AGE_MAX.as_micros()).unwrap_or(i64::MAX))
            .execute(pool),
        )
        .await?;
        let rest = (now.elapsed() * REST).max(AGE_MAX);
        self.set(now + rest);
        Ok(())
    }

    fn claim(&self, now: Instant) -> bool {
        let mut next = self
            .next
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_due = next.is_none_or(|next| next <= now);
        if is_due {
            *next = Some(now + AGE_MAX);
        }
        is_due
    }

    fn set(&self, next: Instant) {
        *self
            .next
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(next);
    }
}

/// Returns the lighter of a document's two candidate partitions. Documents added after the sums count with the
/// average size.
pub(super) async fn lighter(
    connection: &mut PgConnection,
    document: &DocumentUid,
) -> Result<u32, Error> {
    let [a, b] = candidates::candidates(document);
    let found = sqlx::query(
        "WITH mean (chunks) AS (
             SELECT greatest(1, sum(summed_chunks) / greatest(1, sum(summed_documents)))
             FROM partition_sums)
         SELECT partition_key FROM partition_sums, mean WHERE partition_key IN ($1, $2)
         ORDER BY summed_chunks + (documents - summed_documents) * mean.chunks, partition_key = $2
         LIMIT 1",
    )
    .bind(signed(a))
    .bind(signed(b))
    .fetch_one(connection)
    .await
    .map_err(failed)?;
    found.small("partition_key")
}

/// Counts a new document at once. This is the last statement of its transaction, so that the row is locked only
/// while it commits.
pub(super) async fn count(connection: &mut PgConnection, partition: u32) -> Result<(), Error> {
    sqlx::query("UPDATE partition_sums SET documents = documents + 1 WHERE partition_key = $1")
        .bind(signed(partition))
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Converts a partition to the driver's type.
pub(super) fn signed(partition: u32) -> i32 {
    i32::try_from(partition).unwrap_or(i32::MAX)
}
