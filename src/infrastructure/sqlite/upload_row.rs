//! Reads an upload's row together with the names of its document.

use sqlx::SqliteExecutor;

use crate::application::caller::Caller;
use crate::application::ports::uploads::Upload;
use crate::application::store_error::Error;
use crate::domain::names::uid::OperationUid;
use crate::infrastructure::common_statements;
use crate::infrastructure::rows::upload::upload;
use crate::infrastructure::sqlite::error::failed;

/// Returns the caller's upload of that uid.
pub(super) async fn upload_of(
    executor: impl SqliteExecutor<'_>,
    caller: &Caller,
    uid: &OperationUid,
) -> Result<Option<Upload>, Error> {
    let found = sqlx::query(common_statements::uploads::UPLOAD)
        .bind(&caller.tenant)
        .bind(uid)
        .fetch_optional(executor)
        .await
        .map_err(failed)?;
    found.as_ref().map(upload).transpose()
}
