//! Settings in environment variables: `SLUICE_UPLOADS__IDLE_SECONDS_MAX` is `uploads.idle_seconds_max`.
//!
//! A list has commas between its elements. A table, such as the limits of a tenant, is a TOML inline table. A
//! variable that is no setting is refused, because it is most often a mistyped one.

use std::ffi::OsString;

use config::{FileFormat, Value};

use crate::config::client;

/// The prefix of the variables of this program.
const PREFIX: &str = "SLUICE_";
/// The separator between the names of tables and keys.
const SEPARATOR: &str = "__";
/// Variables for other programs: commands that call a server, and the scripts of this project.
const OTHERS: [&str; 3] = [client::API_KEY, client::SERVER, "SLUICE_ADVISORY_DB"];
/// The table whose keys the user chooses.
const OPEN: &str = "limits.tenants.";

/// A variable that is no setting, or has an invalid value.
#[derive(Debug, thiserror::Error)]
#[error("{name} {cause}")]
pub struct Error {
    /// The name of the variable.
    name: String,
    /// The cause, and the remedy.
    cause: String,
}

/// Returns the settings in the environment, by their keys. `known` has all settings, with their defaults.
pub(super) fn settings(
    variables: impl Iterator<Item = (OsString, OsString)>,
    known: &serde_json::Value,
) -> Result<Vec<(String, Value)>, Error> {
    let mut settings = Vec::new();
    for (name, value) in variables {
        // A name that is not UTF-8 has another prefix, or is no setting.
        let shown = name.to_string_lossy();
        let Some(rest) = shown.strip_prefix(PREFIX) else {
            continue;
        };
        if OTHERS.contains(&shown.as_ref()) || is_of_an_orchestrator(rest) {
            continue;
        }
        let key = rest.to_lowercase().replace(SEPARATOR, ".");
        let wrong = |cause: String| Error {
            name: shown.to_string(),
            cause,
        };
        let value = value.into_string();
        let value = value.map_err(|_bytes| wrong("is not UTF-8".to_owned()))?;
        let value = parsed(known, &key, value.trim()).map_err(wrong)?;
        settings.push((key, value));
    }
    Ok(settings)
}

/// Returns a value of the kind that the setting has by default. Single values stay text: their reader knows their
/// kind.
fn parsed(known: &serde_json::Value, key: &str, value: &str) -> Result<Value, String> {
    let found = key
        .split('.')
        .try_fold(known, |table, part| table.get(part));
    let is_open = key.starts_with(OPEN);
    match found {
        None if is_open && value.starts_with('{') => inline(value),
        None if is_open => Ok(Value::new(None, value)),
        None => Err(unknown(known, key)),
        Some(serde_json::Value::Array(_)) if value.starts_with('[') => inline(value),
        Some(serde_json::Value::Array(_)) => {
            let elements = value.split(',').map(str::trim);
            let elements = elements.filter(|element| !element.is_empty());
            let elements = elements.map(str::to_owned).collect::<Vec<_>>();
            Ok(Value::new(None, elements))
        }
        Some(serde_json::Value::Object(_)) if value.starts_with('{') => inline(value),
        Some(serde_json::Value::Object(_)) => Err(format!(
            "is a table: set its keys one by one ({PREFIX}{}{SEPARATOR}KEY), or write it as in the file, {{ key = value }}",
            variable(key)
        )),
        Some(_) => Ok(Value::new(None, value)),
    }
}

/// Parses a list or a table in the syntax of the file.
fn inline(value: &str) -> Result<Value, String> {
    let source = config::File::from_str(&format!("value = {value}"), FileFormat::Toml);
    let read = config::Config::builder().add_source(source).build();
    let value = read.and_then(|read| read.get::<Value>("value"));
    value.map_err(|error| format!("cannot be read as TOML: {error}"))
}

/// Returns why a key is refused, with the right spelling if only its underscores are wrong.
fn unknown(known: &serde_json::Value, key: &str) -> String {
    let letters = |text: &str| text.replace(['_', '.'], "");
    let meant = keys(known, "").into_iter();
    let mut meant = meant.filter(|known| letters(known) == letters(key));
    let hint = meant.next().map_or_else(
        || "sluice.example.toml has every setting".to_owned(),
        |meant| format!("write {PREFIX}{}", variable(&meant)),
    );
    format!("is not a setting: {hint}")
}

/// Returns the keys of all settings.
fn keys(table: &serde_json::Value, path: &str) -> Vec<String> {
    let Some(table) = table.as_object() else {
        return vec![path.to_owned()];
    };
    let below = table.iter().flat_map(|(key, value)| {
        let dot = if path.is_empty() { "" } else { "." };
        keys(value, &format!("{path}{dot}{key}"))
    });
    below.collect()
}

fn variable(key: &str) -> String {
    key.to_uppercase().replace('.', SEPARATOR)
}

/// Whether Kubernetes or Docker sets the variable for a service with the name of this program: `SLUICE_SERVICE_HOST`,
/// `SLUICE_GRPC_PORT_50051_TCP_ADDR` and their like.
fn is_of_an_orchestrator(rest: &str) -> bool {
    if rest.contains(SEPARATOR) {
        return false;
    }
    let rest = format!("_{rest}_");
    let is_port = |after: &str| after.is_empty() || after.starts_with(|c: char| c.is_ascii_digit());
    rest.contains("_SERVICE_HOST_")
        || rest.contains("_SERVICE_PORT_")
        || rest
            .split_once("_PORT_")
            .is_some_and(|(_, after)| is_port(after))
}

#[cfg(test)]
mod tests {
    use super::settings;

    /// Returns the number of settings in a variable, or why it is refused.
    fn of(name: &str, value: &str) -> Result<usize, String> {
        let known = serde_json::json!({
            "import": { "root": "" },
            "limits": { "tenants": {} },
            "web": { "origins": [] },
        });
        let variable = [(name.into(), value.into())];
        let settings = settings(variable.into_iter(), &known);
        settings
            .map(|settings| settings.len())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn variables_of_other_programs_are_ignored() {
        for name in [
            "HOME",
            "SLUICE_API_KEY",
            "SLUICE_SERVER",
            "SLUICE_SERVICE_HOST",
            "SLUICE_SERVICE_PORT",
            "SLUICE_SERVICE_PORT_GRPC",
            "SLUICE_PORT",
            "SLUICE_PORT_50051_TCP",
            "SLUICE_PORT_50051_TCP_ADDR",
            "SLUICE_GRPC_SERVICE_HOST",
        ] {
            assert_eq!(of(name, "tcp://10.0.0.1:1"), Ok(0), "{name}");
        }
    }

    #[test]
    fn a_variable_that_is_no_setting_is_refused_by_its_name() {
        for (name, hint) in [
            ("SLUICE_NONSENSE", "is not a setting"),
            ("SLUICE_WEB_ORIGINS", "write SLUICE_WEB__ORIGINS"),
            ("SLUICE_IMPORT__PORT", "is not a setting"),
            ("SLUICE_WEB", "SLUICE_WEB__KEY"),
            ("SLUICE_LIMITS__TENANTS", "is a table"),
        ] {
            let refused = of(name, "1").unwrap_err();
            assert!(
                refused.starts_with(name) && refused.contains(hint),
                "{refused}"
            );
        }
    }
}
