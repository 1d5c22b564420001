//! Operations in SQLite: each upload is one.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::clock::Uid;
use crate::application::ports::failure::Error;
use crate::application::ports::operations::{Operation, Operations};
use crate::application::ports::uploads::Uploads;
use crate::infrastructure::sqlite::connection::Sqlite;

#[async_trait]
impl Operations for Sqlite {
    async fn operation(&self, caller: &Caller, uid: &Uid) -> Result<Option<Operation>, Error> {
        Ok(self
            .upload(caller, uid)
            .await?
            .map(|upload| upload.operation()))
    }
}
