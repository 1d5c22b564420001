//! Operations in PostgreSQL: a view over uploads, deletions and moves.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor};

use crate::application::caller::Caller;
use crate::application::ports::operations::{Operation, Operations};
use crate::application::store_error::Error;
use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::OperationUid;
use crate::domain::operation::state::State;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::columns::{Columns, damaged};
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::retry::{look_up, read};
use crate::infrastructure::rows::operation::operation;

#[async_trait]
impl Operations for Postgres {
    async fn operation(
        &self,
        caller: &Caller,
        uid: &OperationUid,
    ) -> Result<Option<Operation>, Error> {
        look_up(find(&self.pool, &caller.tenant, uid)).await
    }

    async fn operations(
        &self,
        caller: &Caller,
        state: Option<State>,
        before: (Timestamp, OperationUid),
        rows: u32,
    ) -> Result<Vec<Operation>, Error> {
        let list = read(
            sqlx::query(common_statements::operations::OPERATIONS)
                .bind(&caller.tenant)
                .bind(before.0)
                .bind(before.1)
                .bind(state.map(State::name))
                .bind(i64::from(rows))
                .fetch_all(&self.pool),
        )
        .await?;
        list.iter().map(operation).collect()
    }

    async fn operations_of(
        &self,
        topics: &[(TenantId, OperationUid)],
    ) -> Result<Vec<Operation>, Error> {
        let tenants = topics.iter().map(|(tenant, _)| tenant.as_str());
        let uids = topics.iter().map(|(_, uid)| *uid);
        // LATERAL: each of the view's tables is read by its primary key.
        let list = read(
            sqlx::query(
                "SELECT found.* FROM unnest($1::text[], $2::uuid[]) AS asked (tenant, uid)
                 CROSS JOIN LATERAL (
                     SELECT * FROM operations
                     WHERE operations.tenant = asked.tenant AND operations.uid = asked.uid
                 ) AS found",
            )
            .bind(tenants.collect::<Vec<_>>())
            .bind(uids.collect::<Vec<_>>())
            .fetch_all(&self.pool),
        )
        .await?;
        list.iter().map(operation).collect()
    }
}

/// Returns the tenant's operation of that uid.
pub(super) async fn find(
    executor: impl PgExecutor<'_>,
    tenant: &TenantId,
    uid: &OperationUid,
) -> Result<Option<Operation>, Error> {
    let found = sqlx::query(common_statements::operations::OPERATION)
        .bind(tenant)
        .bind(uid)
        .fetch_optional(executor)
        .await
        .map_err(failed)?;
    found.as_ref().map(operation).transpose()
}

/// Whether the uid belongs to an earlier request with the same fields. `None` means that the uid is new. All kinds
/// of operations share one space of names, so each kind is searched.
pub(super) async fn is_repeated(
    executor: impl PgExecutor<'_>,
    caller: &Caller,
    uid: &OperationUid,
    request_sha256: &[u8; 32],
) -> Result<Option<bool>, Error> {
    let found = sqlx::query(common_statements::operations::REQUEST)
        .bind(&caller.tenant)
        .bind(uid)
        .fetch_optional(executor)
        .await
        .map_err(failed)?;
    let sent = found.map(|found| found.digest("request_sha256"));
    Ok(sent.transpose()?.map(|sent| sent == *request_sha256))
}

/// Returns an operation that must exist.
pub(super) async fn of(
    executor: impl PgExecutor<'_>,
    tenant: &TenantId,
    uid: &OperationUid,
) -> Result<Operation, Error> {
    let found = find(executor, tenant, uid).await?;
    found.ok_or_else(|| damaged("an operation that was changed"))
}

/// Returns the operations of changed rows.
pub(super) async fn changed(
    connection: &mut PgConnection,
    rows: &[PgRow],
) -> Result<Vec<Operation>, Error> {
    let mut operations = Vec::new();
    for found in rows {
        let tenant = found.tenant("tenant")?;
        let uid = found.uid("uid")?;
        operations.push(of(&mut *connection, &tenant, &uid).await?);
    }
    Ok(operations)
}
