//! `COPY BINARY`: only the rows that uploads stored, into the same partitions.

use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Connection, Row};
use tokio_stream::StreamExt;

/// Bytes that are sent at once.
const PIECE_BYTES: usize = 128 * 1024;

/// The rows of each partition, in the format of COPY.
pub(crate) struct Rows(Vec<(String, Vec<u8>)>);

/// The table of chunks.
pub(crate) struct Table {
    pool: PgPool,
    address: String,
}

impl Table {
    pub(crate) async fn open(address: &str) -> Self {
        Self {
            pool: PgPool::connect(address).await.unwrap(),
            address: address.to_owned(),
        }
    }

    /// Returns the rows, and empties the table.
    pub(crate) async fn take(&self) -> Rows {
        let query = "SELECT DISTINCT tableoid::regclass::text AS leaf FROM chunks";
        let leaves = sqlx::query(query).fetch_all(&self.pool).await.unwrap();
        let mut rows = Vec::new();
        for leaf in leaves {
            let leaf: String = leaf.get("leaf");
            let mut connection = self.pool.acquire().await.unwrap();
            let mut copied = connection
                .copy_out_raw(&format!("COPY {leaf} TO STDOUT (FORMAT binary)"))
                .await
                .unwrap();
            let mut bytes = Vec::new();
            while let Some(piece) = copied.next().await {
                bytes.extend_from_slice(&piece.unwrap());
            }
            drop(copied);
            rows.push((leaf, bytes));
        }
        self.clear().await;
        Rows(rows)
    }

    /// Empties the table, and makes the database write its dirty pages.
    pub(crate) async fn clear(&self) {
        for statement in ["TRUNCATE chunks", "CHECKPOINT"] {
            sqlx::query(statement).execute(&self.pool).await.unwrap();
        }
    }

    /// Copies rows into their partitions over `connections` connections, and empties the table again.
    pub(crate) async fn copy(&self, rows: &Rows, connections: usize) -> Duration {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(PgConnection::connect(&self.address).await.unwrap());
        }
        let begun = Instant::now();
        let copying = open.into_iter().enumerate().map(|(number, connection)| {
            let share = rows.0.iter().skip(number).step_by(connections).cloned();
            tokio::spawn(copy(connection, share.collect()))
        });
        for done in copying.collect::<Vec<_>>() {
            done.await.unwrap();
        }
        let took = begun.elapsed();
        self.clear().await;
        took
    }
}

async fn copy(mut connection: PgConnection, rows: Vec<(String, Vec<u8>)>) {
    for (leaf, bytes) in rows {
        let statement = format!("COPY {leaf} FROM STDIN (FORMAT binary)");
        let mut copying = connection.copy_in_raw(&statement).await.unwrap();
        for piece in bytes.chunks(PIECE_BYTES) {
            copying.send(piece).await.unwrap();
        }
        copying.finish().await.unwrap();
    }
    connection.close().await.unwrap();
}
