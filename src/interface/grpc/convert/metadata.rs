//! Converts the metadata of documents, checked field by field.

use std::collections::BTreeMap;

use crate::application::error::Error;
use crate::application::ports::documents::Metadata;
use crate::domain::names::resource::DocumentId;
use crate::interface::grpc::convert::field_mask;
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
    let pb::Document {
        display_name,
        media_type,
        labels: wanted,
        ..
    } = document;
    let fields = [
        ("display_name", !display_name.is_empty()),
        ("media_type", !media_type.is_empty()),
        ("labels", !wanted.is_empty()),
    ];
    let paths = field_mask::paths(mask, &fields)?;
    let is_named = |path| paths.contains(&path);
    let text = |field, given: String, most, default: &str| -> Result<_, Error> {
        short(field, &given, most)?;
        Ok(match given.as_str() {
            "" => default.to_owned(),
            _ => given,
        })
    };
    let display_name = || {
        let field = "document.display_name";
        text(field, display_name, DISPLAY_NAME_BYTES_MAX, id.as_str())
    };
    let media_type = || {
        let field = "document.media_type";
        text(
            field,
            media_type,
            MEDIA_TYPE_BYTES_MAX,
            Metadata::MEDIA_TYPE,
        )
    };
    let wanted = || labels("document.labels", wanted.into_iter());
    Ok(Metadata {
        display_name: is_named("display_name").then(display_name).transpose()?,
        media_type: is_named("media_type").then(media_type).transpose()?,
        labels: is_named("labels").then(wanted).transpose()?,
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
