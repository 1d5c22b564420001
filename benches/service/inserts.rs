//! Bare inserts: only the rows that an upload stores, into the same table, with the same settings and in transactions
//! of the same size.

use std::path::Path;
use std::time::{Duration, Instant};

use sluice::domain::chunking::loaded_spec::LoadedSpec;
use sluice::domain::ingest::batch::Batch;
use sluice::domain::ingest::engine::{BATCH_BYTES_MAX, Engine, Step};
use sluice::domain::partitions::candidates;
use sluice::domain::text::encoding::decoding::Decoding;
use sluice::domain::text::position::Position;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, QueryBuilder, Sqlite};
use uuid::Uuid;

/// Rows per statement. More are not faster.
const INSERT_ROWS: usize = 100;
/// The columns of a chunk without structure. The others are NULL.
const INSERT: &str = "INSERT INTO chunks (partition_key, document_uid, version, ordinal, \
    start_byte, start_character, start_line, start_source, \
    end_byte, end_character, end_line, end_source, sha256, kind, flags, text) ";

/// The rows of a document.
pub(crate) struct Rows(Vec<Batch>);

impl Rows {
    pub(crate) fn new(text: &str) -> Self {
        let mut engine = Engine::new(&LoadedSpec::default(), Decoding::default(), BATCH_BYTES_MAX);
        let (mut rest, mut batches) = (text.as_bytes(), Vec::new());
        loop {
            match engine.step().expect("it is text") {
                Step::Feed if rest.is_empty() => engine.finish(),
                Step::Feed => rest = &rest[engine.feed(rest)..],
                Step::Store(batch) => batches.push(batch.digested()),
                Step::Done(_) => return Self(batches),
            }
        }
    }

    /// Inserts all rows as a new document into a file that grows from round to round, as the server's does.
    pub(crate) async fn insert(&self, file: &Path) -> Duration {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .page_size(16_384)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = options.connect().await.expect("it is made");
        let is_new = sqlx::query("SELECT 1 FROM sqlite_master")
            .fetch_optional(&mut connection)
            .await
            .expect("it can be read")
            .is_none();
        if is_new {
            let table = include_str!("../../migrations/sqlite/20261123180200_chunks.sql");
            let made = sqlx::query(table).execute(&mut connection).await;
            made.expect("it is new");
        }
        let document = Uuid::now_v7().into_bytes();
        let [partition, _] = candidates::candidates(&document.into());
        let begun = Instant::now();
        for batch in &self.0 {
            let mut transaction = connection.begin().await.expect("it begins");
            for chunks in batch.chunks.chunks(INSERT_ROWS) {
                let mut insert = QueryBuilder::<Sqlite>::new(INSERT);
                insert.push_values(chunks, |mut row, chunk| {
                    let number = |n: u64| i64::try_from(n).expect("it fits");
                    row.push_bind(partition)
                        .push_bind(document.to_vec())
                        .push_bind(1);
                    row.push_bind(number(chunk.ordinal));
                    for Position {
                        byte,
                        character,
                        line,
                        source,
                    } in [chunk.span.start, chunk.span.end]
                    {
                        for place in [byte, character, line, source] {
                            row.push_bind(number(place));
                        }
                    }
                    row.push_bind(chunk.sha256.to_vec());
                    row.push(0).push(0);
                    row.push_bind(batch.text(chunk).to_owned());
                });
                let inserted = insert.build().execute(&mut *transaction).await;
                inserted.expect("they are new");
            }
            transaction.commit().await.expect("there is room");
        }
        let took = begun.elapsed();
        connection.close().await.expect("it closes");
        took
    }
}
