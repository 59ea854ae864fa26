//! `cargo xtask template`: whether `infra/template.yaml` is sound, safe, and in step with the code.

mod refusals;
mod rights;
mod rollout;
mod routes;
mod translated;

use crate::tools::{Tool, run};
use anyhow::{Result, bail};
use std::path::Path;
use translated::Translated;

/// The template, from the root.
pub const FILE: &str = "infra/template.yaml";

/// Checks the template by its own tools, then against the code. Says what is off and fails.
pub fn check(root: &Path) -> Result<()> {
    let sam = Tool::ready(root, "sam")?;
    let mut lint = sam.command("sam");
    lint.current_dir(root).args(["validate", "--lint", "--region", "us-east-1", "--template", FILE]);
    run(&mut lint)?;
    // What China's regions lack is told apart here.
    run(sam.command("cfn-lint").current_dir(root).args([
        "--regions",
        "us-east-1",
        "cn-north-1",
        "--",
        FILE,
    ]))?;
    let checkov = Tool::ready(root, "checkov")?;
    let scan = ["--framework", "cloudformation", "--quiet", "--compact", "--skip-download", "--file", FILE];
    run(checkov.command("checkov").current_dir(root).args(scan))?;

    let mut found = Vec::new();
    for (profile, region) in [("default", "us-east-1"), ("china", "cn-north-1")] {
        let translated = Translated::of(root, &sam, profile, region)?;
        let mut off = routes::differences(root, &translated)?;
        off.extend(rights::differences(root, &translated)?);
        off.extend(refusals::differences(&translated)?);
        off.extend(rollout::differences(&translated));
        found.extend(off.into_iter().map(|what| format!("{profile}: {what}")));
    }
    if found.is_empty() {
        println!("{FILE}: sound, safe, and in step with the code");
        return Ok(());
    }
    bail!("{FILE} is out of step with the code:\n  {}", found.join("\n  "))
}
