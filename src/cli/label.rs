//! Labels as arguments.

use std::collections::BTreeMap;

use anyhow::ensure;
use clap::Args;

/// Labels of documents.
#[derive(Debug, Args)]
pub(super) struct Labels {
    /// A label to find documents by: KEY=VALUE. Each key may be given once.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
}

impl Labels {
    /// All of them by their keys.
    ///
    /// # Errors
    ///
    /// Fails if a key is given twice: one of its values would be ignored.
    pub(super) fn by_key(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let mut labels = BTreeMap::new();
        for (key, value) in &self.labels {
            let other = labels.insert(key.clone(), value.clone());
            ensure!(
                other.is_none(),
                "--label: {key} is given twice: give each key one value"
            );
        }
        Ok(labels)
    }
}

/// Parses a label.
fn label(given: &str) -> Result<(String, String), String> {
    let (key, value) = given
        .split_once('=')
        .ok_or("must have the form KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
