//! Connects to the database and checks its schema.

use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection, Row};

use crate::application::store_error;
use crate::infrastructure::migrations::{self, Step};
use crate::infrastructure::postgres::cause;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::placement::Sums;

/// The longest time a request waits for a connection.
const ACQUIRE_MAX: Duration = Duration::from_secs(5);
/// The longest time a returned connection may take to answer a ping. After an abandoned transaction, its connection
/// may wait for a server that does not answer.
const RELEASE_MAX: Duration = Duration::from_secs(5);
/// The longest time a statement waits for another transaction's lock. Transactions here take milliseconds.
const LOCK_MAX: &str = "10s";
/// The longest time the server lets a transaction stay idle. An instance that is cut off must not hold row locks
/// against the others.
const STILL_MAX: &str = "15s";
/// The number of prepared statements cached for each connection. Statements on chunks have one form for each
/// partition; the least used are evicted.
const STATEMENTS: usize = 128;

/// The migrations, in order.
const STEPS: [Step; 10] = [
    (
        20_261_123_190_000,
        "documents",
        include_str!("../../../migrations/postgres/20261123190000_documents.sql"),
    ),
    (
        20_261_123_190_100,
        "uploads",
        include_str!("../../../migrations/postgres/20261123190100_uploads.sql"),
    ),
    (
        20_261_123_190_200,
        "chunks",
        include_str!("../../../migrations/postgres/20261123190200_chunks.sql"),
    ),
    (
        20_261_123_190_250,
        "moves",
        include_str!("../../../migrations/postgres/20261123190250_moves.sql"),
    ),
    (
        20_261_123_190_300,
        "jobs",
        include_str!("../../../migrations/postgres/20261123190300_jobs.sql"),
    ),
    (
        20_261_123_190_400,
        "partition_health",
        include_str!("../../../migrations/postgres/20261123190400_partition_health.sql"),
    ),
    (
        20_261_124_020_000,
        "identity",
        include_str!("../../../migrations/postgres/20261124020000_identity.sql"),
    ),
    (
        20_261_124_103_600,
        "imports",
        include_str!("../../../migrations/postgres/20261124103600_imports.sql"),
    ),
    (
        20_261_124_110_000,
        "quotas",
        include_str!("../../../migrations/postgres/20261124110000_quotas.sql"),
    ),
    (
        20_261_127_014_500,
        "audit",
        include_str!("../../../migrations/postgres/20261127014500_audit.sql"),
    ),
];

/// A store in a database.
#[derive(Debug)]
pub struct Postgres {
    pub(super) pool: PgPool,
    pub(super) sums: Sums,
}

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not valid.
    #[error("the database's address is not of the form postgres://user@host/database")]
    Address(#[source] sqlx::Error),
    /// The database cannot be reached.
    #[error(transparent)]
    Store(#[from] store_error::Error),
    /// The schema has no tables, or is of an older version.
    #[error("the database's schema is not of this version: run `sluice migrate` first")]
    Old,
    /// The schema is of a newer version, or of another program.
    #[error(
        "the database's schema is newer than this program, or was changed: install its version"
    )]
    Unknown,
    /// The database rejected a migration.
    #[error("a migration failed and was rolled back")]
    Migration(#[source] MigrateError),
}

impl Postgres {
    /// Connects to the database with at most `connections_max` connections.
    ///
    /// # Errors
    ///
    /// Fails if the database cannot be reached, or if its schema is not the one that this program knows.
    pub async fn open(url: &str, connections_max: u32) -> Result<Self, Error> {
        let options = options(url)?.statement_cache_capacity(STATEMENTS).options([
            ("lock_timeout", LOCK_MAX),
            // A plan made while a table is empty would read the whole table for ever.
            ("plan_cache_mode", "force_custom_plan"),
            ("idle_in_transaction_session_timeout", STILL_MAX),
        ]);
        let pooled = PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(ACQUIRE_MAX)
            .after_release(|connection, _| {
                Box::pin(async move {
                    // Otherwise the driver keeps the buffers of its largest statement.
                    connection.shrink_buffers();
                    let answered = tokio::time::timeout(RELEASE_MAX, connection.ping()).await;
                    Ok(matches!(answered, Ok(Ok(()))))
                })
            })
            .connect_with(options.clone())
            .await;
        let pool = match pooled {
            Ok(pool) => pool,
            Err(error) => return Err(cause::of(&options, error).await.into()),
        };
        if let Err(error) = check_schema(&pool).await {
            return Err(match error {
                Checked::Wrong(error) => error,
                Checked::Failed(error) => cause::of(&options, error).await.into(),
            });
        }
        Ok(Self {
            pool,
            sums: Sums::default(),
        })
    }
}

/// Migrates a database to the schema that this program knows. A repeated or concurrent run changes nothing.
///
/// # Errors
///
/// Fails if the database cannot be reached, has an unknown schema, or rejects a statement.
pub async fn migrate(url: &str) -> Result<(), Error> {
    let options = options(url)?;
    let mut connection = match PgConnection::connect_with(&options).await {
        Ok(connection) => connection,
        Err(error) => return Err(cause::of(&options, error).await.into()),
    };
    let migrated = migrations::migrator(&STEPS).run(&mut connection).await;
    connection.close().await.map_err(failed)?;
    migrated.map_err(|error| {
        let is_unknown = matches!(
            error,
            MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_)
        );
        if is_unknown {
            Error::Unknown
        } else {
            Error::Migration(error)
        }
    })
}

fn options(url: &str) -> Result<PgConnectOptions, Error> {
    // The driver would log an unknown parameter with its value, which may be a mistyped password.
    let quiet = tracing::subscriber::NoSubscriber::default();
    let parsed = tracing::subscriber::with_default(quiet, || url.parse());
    let options: PgConnectOptions = parsed.map_err(Error::Address)?;
    Ok(options.application_name("sluice"))
}

/// The reason why a schema is refused.
enum Checked {
    /// The schema is not the one that this program knows.
    Wrong(Error),
    /// The schema could not be read.
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for Checked {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

/// Checks that the migrations that have run are exactly the known ones.
async fn check_schema(pool: &PgPool) -> Result<(), Checked> {
    let is_there = sqlx::query("SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS is_there")
        .fetch_one(pool)
        .await?;
    if !is_there.try_get::<bool, _>("is_there")? {
        return Err(Checked::Wrong(Error::Old));
    }
    let found = sqlx::query("SELECT version, checksum FROM _sqlx_migrations WHERE success")
        .fetch_all(pool)
        .await?;
    let known = migrations::migrator(&STEPS);
    for row in &found {
        let version: i64 = row.try_get("version")?;
        let checksum: Vec<u8> = row.try_get("checksum")?;
        let is_known = known
            .iter()
            .any(|step| step.version == version && *step.checksum == *checksum);
        if !is_known {
            return Err(Checked::Wrong(Error::Unknown));
        }
    }
    if found.len() < STEPS.len() {
        return Err(Checked::Wrong(Error::Old));
    }
    Ok(())
}
