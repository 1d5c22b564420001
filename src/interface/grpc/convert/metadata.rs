//! Converts the metadata of documents, checked field by field.

use std::collections::BTreeMap;

use crate::application::error::Error;
use crate::application::ports::documents::Metadata;
use crate::domain::names::resource::DocumentId;
use crate::interface::grpc::pb;

/// The maximum number of labels of a document, or of a filter.
const LABELS_MAX: usize = 32;
const LABEL_KEY_BYTES_MAX: usize = 63;
const LABEL_VALUE_BYTES_MAX: usize = 1_024;
const DISPLAY_NAME_BYTES_MAX: usize = 1_024;
const MEDIA_TYPE_BYTES_MAX: usize = 255;

/// The metadata in a request for an upload, each value beside the name of its field.
pub(super) struct Fields {
    pub(super) display_name: (&'static str, String),
    pub(super) media_type: (&'static str, String),
    pub(super) labels: (&'static str, Option<pb::Labels>),
}

/// Converts the metadata of an upload. An empty text and absent labels are not sent.
///
/// # Errors
///
/// Fails with the field that is too long or contains a NUL.
pub(super) fn sent(from: Fields) -> Result<Metadata, Error> {
    let text = |(field, given): (&'static str, String), most| -> Result<_, Error> {
        short(field, &given, most)?;
        Ok(Some(given).filter(|given| !given.is_empty()))
    };
    let (field, given) = from.labels;
    Ok(Metadata {
        display_name: text(from.display_name, DISPLAY_NAME_BYTES_MAX)?,
        media_type: text(from.media_type, MEDIA_TYPE_BYTES_MAX)?,
        labels: given
            .map(|given| labels(field, given.values.into_iter()))
            .transpose()?,
    })
}

/// Converts an update of a document: the fields that its mask names, or else those that are not empty. An empty text
/// stands for the default.
///
/// # Errors
///
/// Fails if the mask names another field, or with the field that is too long or contains a NUL.
pub fn update(
    id: &DocumentId,
    document: pb::Document,
    mask: Option<prost_types::FieldMask>,
) -> Result<Metadata, Error> {
    let paths = mask.map(|mask| mask.paths).unwrap_or_default();
    let known = ["display_name", "media_type", "labels"];
    if paths.iter().any(|path| !known.contains(&path.as_str())) {
        return Err(Error::invalid(
            "update_mask",
            "must name no other fields than display_name, media_type and labels",
        ));
    }
    let changes = |path: &str, is_set: bool| {
        if paths.is_empty() {
            is_set
        } else {
            paths.iter().any(|named| named == path)
        }
    };
    let pb::Document {
        display_name,
        media_type,
        labels: wanted,
        ..
    } = document;
    short(
        "document.display_name",
        &display_name,
        DISPLAY_NAME_BYTES_MAX,
    )?;
    short("document.media_type", &media_type, MEDIA_TYPE_BYTES_MAX)?;
    let or = |given: String, default: &str| match given.as_str() {
        "" => default.to_owned(),
        _ => given,
    };
    Ok(Metadata {
        display_name: changes("display_name", !display_name.is_empty())
            .then(|| or(display_name, id.as_str())),
        media_type: changes("media_type", !media_type.is_empty())
            .then(|| or(media_type, Metadata::MEDIA_TYPE)),
        labels: changes("labels", !wanted.is_empty())
            .then(|| labels("document.labels", wanted.into_iter()))
            .transpose()?,
    })
}

/// Checks labels.
///
/// # Errors
///
/// Fails if there are too many labels, or if one is too long or contains a NUL.
pub fn labels(
    field: &'static str,
    labels: impl ExactSizeIterator<Item = (String, String)>,
) -> Result<BTreeMap<String, String>, Error> {
    if labels.len() > LABELS_MAX {
        return Err(Error::invalid(
            field,
            format!("must be at most {LABELS_MAX}"),
        ));
    }
    let labels = labels.collect::<BTreeMap<_, _>>();
    for (key, value) in &labels {
        short(field, key, LABEL_KEY_BYTES_MAX)?;
        short(field, value, LABEL_VALUE_BYTES_MAX)?;
    }
    Ok(labels)
}

fn short(field: &'static str, value: &str, most: usize) -> Result<(), Error> {
    if value.len() <= most && !value.contains('\0') {
        Ok(())
    } else {
        Err(Error::invalid(
            field,
            format!("must have at most {most} bytes, and no NUL"),
        ))
    }
}
