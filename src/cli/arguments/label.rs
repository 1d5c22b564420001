//! Labels as arguments.

use std::collections::BTreeMap;

use anyhow::ensure;
use clap::Args;

use crate::interface::grpc::pb;

/// Labels of documents.
#[derive(Debug, Args)]
pub(crate) struct Labels {
    /// Label of the documents, as KEY=VALUE; repeat it for several labels, with each key once.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
}

impl Labels {
    /// Returns the labels by key.
    ///
    /// # Errors
    ///
    /// Fails if a key is given twice, because one of its values would be ignored.
    pub(crate) fn by_key(&self) -> anyhow::Result<BTreeMap<String, String>> {
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

    /// Returns the labels as a request sends them. `None` means that no label was given.
    ///
    /// # Errors
    ///
    /// Fails as [`Labels::by_key`] does.
    pub(crate) fn request(&self) -> anyhow::Result<Option<pb::Labels>> {
        let values = self.by_key()?;
        Ok((!values.is_empty()).then_some(pb::Labels { values }))
    }
}

/// Parses `KEY=VALUE`.
fn label(given: &str) -> Result<(String, String), String> {
    let (key, value) = given
        .split_once('=')
        .ok_or("must have the form KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
