//! `samconfig.toml`: what its profiles give the template's parameters.

use anyhow::{Context, Result};
use std::{fs, path::Path};

/// The values of a profile's `parameter_overrides` for `sam deploy`, without the quotes they may have.
pub fn overrides(root: &Path, profile: &str) -> Result<Vec<(String, String)>> {
    let config: toml::Value = toml::from_str(&fs::read_to_string(root.join("samconfig.toml"))?)?;
    let section = config.get(profile).with_context(|| format!("samconfig.toml has no profile {profile}"))?;
    let given = section["deploy"]["parameters"]["parameter_overrides"].as_array();
    let pairs = given.into_iter().flatten().map(|pair| {
        let pair = pair.as_str().and_then(|pair| pair.split_once('='));
        let (name, value) =
            pair.with_context(|| format!("{profile} has an override that is no NAME=VALUE"))?;
        anyhow::ensure!(
            !value.contains(' ') || value.starts_with('"'),
            "{name} of {profile} is cut at its space"
        );
        Ok((name.to_owned(), value.trim_matches('"').to_owned()))
    });
    pairs.collect()
}
