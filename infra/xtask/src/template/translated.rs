//! The template as CloudFormation sees it.

use crate::tools::{Tool, output};
use anyhow::{Context, Result};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// The translated template.
pub struct Translated {
    resources: BTreeMap<String, Value>,
}

impl Translated {
    /// Has SAM's own translator translate it.
    pub fn of(root: &Path, sam: &Tool) -> Result<Self> {
        let mut translator = sam.command("python");
        translator.current_dir(root).args(["infra/tools/translate.py", super::FILE]);
        // It asks which partition it's for.
        translator.env("AWS_DEFAULT_REGION", "us-east-1");
        let template: Value = serde_json::from_str(&output(&mut translator)?)?;
        let resources = template.get("Resources").cloned().context("the template has no resources")?;
        Ok(Self { resources: serde_json::from_value(resources)? })
    }

    /// The resources of a type, by their logical ids, with their properties.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
    }

    /// The logical ids of the functions, with the binary each runs: the same name in lower case.
    pub fn functions(&self) -> BTreeMap<String, String> {
        self.of_type("AWS::Lambda::Function").map(|(id, _)| (id.to_owned(), id.to_lowercase())).collect()
    }

    /// The properties of one resource.
    pub fn resource(&self, id: &str) -> Option<&Value> {
        self.resources.get(id).map(|resource| &resource["Properties"])
    }
}

/// A list, or the one thing that stands where a list might.
pub fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}
