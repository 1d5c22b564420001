//! The migrations of a store, in order.

use std::borrow::Cow;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A migration: its version, description and statements.
pub(super) type Step = (i64, &'static str, &'static str);

/// Returns the migrator that runs the steps that have not run yet.
pub(super) fn migrator(steps: &[Step]) -> Migrator {
    let migration = |&(version, what, sql): &Step| {
        let what = Cow::Borrowed(what);
        let sql = SqlStr::from_static(sql);
        Migration::new(version, what, MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(steps.iter().map(migration).collect())
}
