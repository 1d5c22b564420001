//! The deletion of documents whose files are gone.

use anyhow::bail;
use clap::Args;
use tonic::Code;
use uuid::Uuid;

use crate::cli::commands::sync::step::Syncing;
use crate::cli::uploads::outcome::{DocumentResult, Done, Line};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// The arguments for deletion.
#[derive(Debug, Args)]
pub(super) struct Deletion {
    /// Delete the documents of this folder whose files are gone. A renamed file is a new document.
    #[arg(long)]
    pub(super) delete: bool,
    /// Delete even if the folder has no files.
    #[arg(long, requires = "delete")]
    allow_empty: bool,
}

impl Deletion {
    /// Returns the reason why no document is deleted. `None` means that the documents of missing files are deleted.
    pub(super) fn refusal(
        &self,
        gone: &[pb::Document],
        is_whole: bool,
        is_empty: bool,
    ) -> Option<String> {
        let number = gone.len();
        if gone.is_empty() {
            None
        } else if !is_whole {
            Some(format!(
                "could not be read completely, so the documents of {number} missing files are kept: \
                 correct the faults and run it again"
            ))
        } else if is_empty && !self.allow_empty {
            Some(format!(
                "has no files, so its {number} documents are kept: --allow-empty deletes them"
            ))
        } else {
            None
        }
    }
}

impl Syncing<'_> {
    /// Deletes a document, unless it has changed since the run began.
    pub(super) async fn remove(&self, document: pb::Document) -> Done {
        let result = self.delete(&document).await;
        Done {
            name: document.name,
            result,
        }
    }

    async fn delete(
        &self,
        document: &pb::Document,
    ) -> anyhow::Result<(DocumentResult, Option<Line>)> {
        if self.is_dry {
            let line = format!("would delete {}", document.name);
            return Ok((
                DocumentResult::Deleted,
                Some(Line::of(line, &document.name)),
            ));
        }
        if !self.synced_folder.owns(document) {
            bail!("does not belong to this folder");
        }
        let request = pb::DeleteDocumentRequest {
            name: document.name.clone(),
            etag: document.etag.clone(),
            request_id: Uuid::new_v4().to_string(),
        };
        let deleted = async || {
            let mut client = DocumentServiceClient::new(self.uploader.channel.clone());
            match client.delete_document(request.clone()).await {
                Ok(_) => Ok(true),
                // Another run was faster.
                Err(status) if status.code() == Code::NotFound => Ok(false),
                Err(status) => Err(status.into()),
            }
        };
        let is_deleted = self.uploader.retries.ask(deleted).await?;
        let line = is_deleted.then(|| {
            let text = format!("deleted {}", document.name);
            Line::of(text, &document.name)
        });
        Ok((DocumentResult::Deleted, line))
    }
}
