//! Converts messages of uploads, checked field by field.

use tonic::{Code, Status};

use crate::application::error::Error;
use crate::application::ports::clock::Clock;
use crate::application::ports::uploads::{Declared, NewUpload, UploadSource};
use crate::application::uploads::upload_stream::{ChunkRequest, Message, UploadTarget};
use crate::application::uploads::write::{CONTENT_BYTES_MAX, Write};
use crate::domain::names::resource::{DocumentId, DocumentName};
use crate::interface::grpc::convert::content::content;
use crate::interface::grpc::convert::metadata::Fields;
use crate::interface::grpc::convert::{chunking, metadata};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::upload_document_request;
use crate::interface::grpc::request_digest::Identified;
use crate::interface::grpc::resource_name;

/// Converts a message of `UploadDocument`.
///
/// # Errors
///
/// Fails if the message could not be read, or with the field that is wrong.
pub fn message(
    clock: &dyn Clock,
    received: Result<pb::UploadDocumentRequest, Status>,
) -> Result<Message, Error> {
    write(clock, received.map_err(|status| unread(&status))?)
}

/// Returns the name of the document or upload in a message, or an empty text if it has no target.
#[must_use]
pub fn named(message: &pb::UploadDocumentRequest) -> String {
    match &message.target {
        Some(upload_document_request::Target::Upload(upload)) => upload.clone(),
        Some(upload_document_request::Target::Spec(spec)) => {
            format!("{}/documents/{}", spec.collection, spec.document_id)
        }
        None => String::new(),
    }
}

/// Converts a message of `StreamDocument`.
///
/// # Errors
///
/// Fails as [`message`] does.
pub fn stream_message(
    clock: &dyn Clock,
    received: Result<pb::StreamDocumentRequest, Status>,
) -> Result<Message, Error> {
    let pb::StreamDocumentRequest {
        write: written,
        flush,
        look_up,
        chunks,
        after_ordinal,
    } = received.map_err(|status| unread(&status))?;
    let from_ordinal = from_ordinal(after_ordinal)?;
    let written = match written {
        Some(written) => Message {
            flushes: flush,
            looks_up: look_up,
            ..write(clock, written)?
        },
        None => Message {
            flushes: flush,
            looks_up: look_up,
            ..Message::default()
        },
    };
    Ok(Message {
        chunk_request: chunks.then_some(ChunkRequest { from_ordinal }),
        ..written
    })
}

/// Returns the first ordinal that a client wants.
///
/// # Errors
///
/// Fails if `after_ordinal` is negative.
pub fn from_ordinal(after_ordinal: Option<i64>) -> Result<u64, Error> {
    match after_ordinal {
        None => Ok(0),
        Some(after) => u64::try_from(after)
            .map(|after| after.saturating_add(1))
            .map_err(|_negative| Error::invalid("after_ordinal", "must not be negative")),
    }
}

/// Converts the failure to read a message: too large for its limit, or not of the protos.
#[must_use]
pub fn unread(error: &Status) -> Error {
    if error.code() == Code::OutOfRange {
        let most = CONTENT_BYTES_MAX;
        Error::MessageTooLarge { most }
    } else {
        Error::MessageUnreadable
    }
}

fn write(clock: &dyn Clock, from: pb::UploadDocumentRequest) -> Result<Message, Error> {
    let pb::UploadDocumentRequest {
        target,
        write_offset,
        content: compressed,
        crc32c,
        finish_write,
        sha256,
        total_size,
        compression,
    } = from;
    let sha256 = sha256.as_deref().map(<[u8; 32]>::try_from).transpose();
    let total_size = total_size.map(u64::try_from).transpose();
    let declared = Declared {
        sha256: sha256.map_err(|_length| Error::invalid("sha256", "must have 32 bytes"))?,
        total_size: total_size
            .map_err(|_negative| Error::invalid("total_size", "must not be negative"))?,
    };
    let target = match target {
        None => None,
        Some(upload_document_request::Target::Upload(upload)) => Some(UploadTarget::Known(
            resource_name::uid("upload", "uploads", &upload)?,
        )),
        Some(upload_document_request::Target::Spec(spec)) => Some(UploadTarget::New(Box::new(
            new_upload(clock, spec, declared)?,
        ))),
    };
    Ok(Message {
        target,
        write: Some(Write {
            write_offset,
            content: content(compressed, compression)?,
            crc32c,
            ends: finish_write,
        }),
        declared,
        ..Message::default()
    })
}

fn new_upload(
    clock: &dyn Clock,
    mut from: pb::UploadSpec,
    declared: Declared,
) -> Result<NewUpload, Error> {
    let uid = resource_name::uuid(&from.request_id)
        .ok_or_else(|| Error::invalid("spec.request_id", "must be a UUID"))?;
    let request_sha256 = from.identify()?.sha256;
    let pb::UploadSpec {
        collection,
        document_id,
        display_name,
        media_type,
        labels,
        chunking,
        decoding,
        request_id: _,
    } = from;
    let document = DocumentId::parse(&document_id)
        .map_err(|error| Error::invalid("spec.document_id", error))?;
    let collection = resource_name::collection("spec.collection", &collection)?;
    let fields = Fields {
        display_name: ("spec.display_name", display_name),
        media_type: ("spec.media_type", media_type),
        labels: ("spec.labels", labels),
    };
    Ok(NewUpload {
        uid: uid.into(),
        request_sha256,
        declared,
        document_uid: clock.new_uid().into(),
        metadata: metadata::sent(fields)?,
        document: DocumentName {
            collection,
            document,
        },
        preferences: chunking::preferences(chunking, decoding)?,
        source: UploadSource::Client,
        now: clock.now(),
    })
}
