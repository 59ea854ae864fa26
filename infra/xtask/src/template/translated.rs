//! The template as CloudFormation sees it.

use crate::{
    samconfig,
    tools::{Tool, output, run},
};
use anyhow::{Context, Result};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

/// The translated template.
pub struct Translated {
    resources: BTreeMap<String, Value>,
}

impl Translated {
    /// Has SAM's own translator translate it as for a profile of samconfig.toml in `region`, and the result looked at by
    /// cfn-lint.
    pub fn of(root: &Path, sam: &Tool, profile: &str, region: &str) -> Result<Self> {
        let mut translator = sam.command("python");
        translator.current_dir(root).args(["infra/tools/translate.py", super::FILE]);
        let overrides = samconfig::overrides(root, profile)?;
        translator.args(overrides.iter().map(|(name, value)| format!("{name}={value}")));
        // It asks which partition it's for.
        translator.env("AWS_DEFAULT_REGION", region);
        let text = output(&mut translator)?;
        let folder = root.join("target/template");
        fs::create_dir_all(&folder)?;
        let file = folder.join(profile).with_extension("json");
        fs::write(&file, &text)?;
        // What SAM adds needn't be as tidy as what people write, so no warnings.
        run(sam.command("cfn-lint").args(["--ignore-checks", "W", "--regions", region, "--"]).arg(&file))?;

        let template: Value = serde_json::from_str(&text)?;
        let resources = template.get("Resources").cloned().context("the template has no resources")?;
        Ok(Self { resources: serde_json::from_value(resources)? })
    }

    /// The resources of a type, whole, by their logical ids.
    pub fn whole<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let of_kind = self.resources.iter().filter(move |(_, resource)| resource["Type"] == kind);
        of_kind.map(|(id, resource)| (id.as_str(), resource))
    }

    /// The resources of a type, by their logical ids, with their properties.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.whole(kind).map(|(id, resource)| (id, &resource["Properties"]))
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
