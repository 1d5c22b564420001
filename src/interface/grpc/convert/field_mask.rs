//! Converts the field mask of an update (AIP-134): each named field is replaced as a whole.

use prost_types::FieldMask;

use crate::application::error::Error;

/// Returns the fields to change: those that the mask names, or without a mask those that are set. `fields` has each field
/// that can be changed, and whether it is set.
///
/// # Errors
///
/// Fails if the mask names another field.
pub fn paths(
    mask: Option<FieldMask>,
    fields: &[(&'static str, bool)],
) -> Result<Vec<&'static str>, Error> {
    let named = mask.map(|mask| mask.paths).unwrap_or_default();
    let is_known = |path: &String| fields.iter().any(|(field, _)| field == path);
    if !named.iter().all(is_known) {
        let known = fields.iter().map(|(field, _)| *field).collect::<Vec<_>>();
        let reason = format!("must name no other fields than {}", known.join(", "));
        return Err(Error::invalid("update_mask", reason));
    }
    let is_wanted = |(field, is_set): &&(&str, bool)| match named.as_slice() {
        [] => *is_set,
        named => named.iter().any(|path| path == field),
    };
    let wanted = fields.iter().filter(is_wanted);
    Ok(wanted.map(|(field, _)| *field).collect())
}
