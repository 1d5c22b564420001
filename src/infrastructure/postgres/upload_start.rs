//! Writes the start of an upload: its document if it is new, a version, and the upload.

use sqlx::PgConnection;

use crate::application::caller::Caller;
use crate::application::ports::documents::Metadata;
use crate::application::ports::uploads::NewUpload;
use crate::application::store_error::Error;
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::ingest::preferences::Preferences;
use crate::domain::names::resource::CollectionId;
use crate::domain::names::uid::{CollectionUid, DocumentUid};
use crate::domain::text::encoding::decoding::Decoding;
use crate::infrastructure::columns::{Columns, stored, to_json};
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::placement;
use crate::infrastructure::rows::preferences::preferences;
use crate::infrastructure::rows::spec;
use crate::infrastructure::rows::upload::{import_columns, source_version};

/// Returns the uid and the preferences of a collection. The row is locked, so that a concurrent deletion of the
/// collection sees the new document.
pub(super) async fn collection(
    connection: &mut PgConnection,
    caller: &Caller,
    id: &CollectionId,
) -> Result<Option<(CollectionUid, Preferences)>, Error> {
    let found = sqlx::query(
        "SELECT uid, preferences FROM collections
         WHERE tenant = $1 AND collection_id = $2 AND deleted_at IS NULL
         FOR SHARE",
    )
    .bind(&caller.tenant)
    .bind(id.as_str())
    .fetch_optional(connection)
    .await
    .map_err(failed)?;
    let Some(found) = found else { return Ok(None) };
    Ok(Some((found.uid("uid")?, preferences(&found)?)))
}

/// Creates the collection `default`, unless another transaction just did.
pub(super) async fn create_default(
    connection: &mut PgConnection,
    caller: &Caller,
    new: &NewUpload,
) -> Result<(), Error> {
    sqlx::query(common_statements::collections::INSERT)
        // The collection has no request id. It reuses the new document's uid: uids must differ only within a table.
        .bind(new.document_uid)
        .bind(&caller.tenant)
        .bind(CollectionId::DEFAULT)
        .bind("{}")
        .bind(new.now)
        .bind(new.now)
        .bind(vec![0_u8; 32])
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// The document of a new version.
pub(super) struct Found {
    pub(super) uid: DocumentUid,
    /// The partition of its chunks. `None` means that the document existed before.
    pub(super) placed: Option<u32>,
}

/// Returns the document, and takes its next version. A new document is created in the lighter of its two candidate
/// partitions. The document's row is locked.
pub(super) async fn document(
    connection: &mut PgConnection,
    caller: &Caller,
    new: &NewUpload,
    collection: &CollectionUid,
) -> Result<Found, Error> {
    let id = new.document.document.as_str();
    let metadata = &new.metadata;
    let partition = placement::lighter(connection, &new.document_uid).await?;
    let created = sqlx::query(
        "INSERT INTO documents (uid, tenant, collection_uid, document_id, display_name, media_type,
             labels, partition_key, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         ON CONFLICT (tenant, collection_uid, document_id) WHERE deleted_at IS NULL DO NOTHING",
    )
    .bind(new.document_uid)
    .bind(&caller.tenant)
    .bind(collection)
    .bind(id)
    .bind(metadata.display_name.as_deref().unwrap_or(id))
    .bind(
        metadata
            .media_type
            .as_deref()
            .unwrap_or(Metadata::MEDIA_TYPE),
    )
    .bind(to_json(&metadata.labels.clone().unwrap_or_default())?)
    .bind(placement::signed(partition))
    .bind(new.now)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    Ok(Found {
        uid: take_version(connection, caller, new, collection).await?,
        placed: (created.rows_affected() == 1).then_some(partition),
    })
}

/// Takes a document's next version. Returns the document's uid.
pub(super) async fn take_version(
    connection: &mut PgConnection,
    caller: &Caller,
    new: &NewUpload,
    collection: &CollectionUid,
) -> Result<DocumentUid, Error> {
    let found = sqlx::query(common_statements::uploads::TAKE_VERSION)
        .bind(&caller.tenant)
        .bind(collection)
        .bind(new.document.document.as_str())
        .fetch_one(connection)
        .await
        .map_err(|error| {
            // The document was deleted after it was found and before its row was locked. The next attempt creates it
            // again.
            if matches!(error, sqlx::Error::RowNotFound) {
                return Error::Unavailable(Box::new(error));
            }
            failed(error)
        })?;
    found.uid("uid")
}

/// Inserts the taken version, with the chunking and decoding that readers will see.
pub(super) async fn insert_version(
    connection: &mut PgConnection,
    document: &DocumentUid,
    spec: &Spec,
    decoding: Decoding,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO versions (document_uid, version, reserved_bytes, spec)
         SELECT uid, latest_version, quota_grant(tenant, 0, 1), $2 FROM documents WHERE uid = $1",
    )
    .bind(document)
    .bind(spec::encoded(spec, decoding)?)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Inserts the upload that creates the version.
pub(super) async fn insert(
    connection: &mut PgConnection,
    caller: &Caller,
    new: &NewUpload,
    document: &DocumentUid,
    spec: &Spec,
    decoding: Decoding,
) -> Result<(), Error> {
    let (path, [bytes, modified_ns, changed_ns, inode]) = import_columns(&new.source);
    sqlx::query(
        "INSERT INTO uploads (tenant, uid, document_uid, version, display_name, media_type, labels,
             spec, state, created_at, updated_at, target, source_version, import_path, import_bytes,
             import_modified_ns, import_changed_ns, import_inode, request_sha256, declared_sha256,
             declared_bytes)
         SELECT $1, $2, uid, latest_version, $3, $4, $5, $6, 'RUNNING', $7, $7, $9, $10, $11, $12, $13,
             $14, $15, $16, $17, $18
         FROM documents WHERE uid = $8",
    )
    .bind(&caller.tenant)
    .bind(new.uid)
    .bind(new.metadata.display_name.as_deref())
    .bind(new.metadata.media_type.as_deref())
    .bind(new.metadata.labels.as_ref().map(to_json).transpose()?)
    .bind(spec::encoded(spec, decoding)?)
    .bind(new.now)
    .bind(document)
    .bind(new.document.to_string())
    .bind(source_version(&new.source))
    .bind(path)
    .bind(bytes)
    .bind(modified_ns)
    .bind(changed_ns)
    .bind(inode)
    .bind(new.request_sha256.to_vec())
    .bind(new.declared.sha256.map(|sha256| sha256.to_vec()))
    .bind(new.declared.total_size.map(stored))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}
