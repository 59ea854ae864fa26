//! The deployed stack: built, deployed, looked at and removed by the same commands that an operator types.

use super::{progress::Progress, target::Target};
use crate::{
    samconfig,
    tools::{Tool, output, run},
};
use anyhow::{Context, Result, bail, ensure};
use common::crypto::random_bytes;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Any region does; emulators have one.
const REGION: &str = "us-east-1";
/// Lines of a function's log that are shown after a failure.
const LINES: usize = 40;

/// What a version that can't be deployed has in front of its resources.
const BROKEN: &str = "
Resources:
  Word:
    Type: AWS::CloudFormation::WaitConditionHandle
  NobodySaysSo:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: Reminder
    Properties: { Handle: !Ref Word, Timeout: '1' }
";

/// Values for the template's parameters.
pub type Parameters = Vec<(String, String)>;

/// Emulators run what this machine is.
fn architecture() -> (String, String) {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    ("Architecture".to_owned(), architecture.to_owned())
}

/// A parameter as SAM takes it. Without quotes of its own it would be cut at the first space.
fn quoted(name: &str, value: &str) -> String {
    format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The stack at a target.
pub struct Stack {
    root: PathBuf,
    profile: &'static str,
    endpoint: String,
    sam: Tool,
    aws: Tool,
    name: String,
    /// What the profile gives the parameters.
    preset: Parameters,
    deployed: bool,
}

impl Stack {
    /// A stack of its own at `target`, not deployed yet.
    pub fn new(root: &Path, target: &Target) -> Result<Self> {
        let profile = target.profile();
        let mut preset = samconfig::overrides(root, profile)?;
        preset.push(architecture());
        Ok(Self {
            root: root.to_owned(),
            profile,
            endpoint: target.endpoint().to_owned(),
            sam: Tool::ready(root, "sam")?,
            aws: Tool::ready(root, "aws")?,
            // Of this run alone, in case the emulator has others.
            name: format!("e2e-{}", hex::encode(random_bytes::<4>()?)),
            preset,
            deployed: false,
        })
    }

    /// Points a command at the target.
    fn aimed(&self, mut command: Command) -> Command {
        command
            .current_dir(&self.root)
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", REGION)
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN");
        command
    }

    fn sam(&self, arguments: &[&str]) -> Command {
        let mut command = self.aimed(self.sam.command("sam"));
        command.args(arguments).args(["--config-env", self.profile]);
        command
    }

    /// Runs the AWS command line and gives its answer.
    pub fn aws(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = self.aimed(self.aws.command("aws"));
        let answer = output(command.args(arguments).args(["--output", "json"]))?;
        if answer.trim().is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&answer)?) }
    }

    /// `sam build`.
    pub fn build(&self) -> Result<()> {
        let (name, value) = architecture();
        run(self.sam(&["build"]).arg("--parameter-overrides").arg(quoted(&name, &value)))
    }

    fn deployment(&self, parameters: &[(String, String)]) -> Command {
        let mut command = self.sam(&["deploy", "--stack-name", &self.name, "--no-progressbar"]);
        // On the command line they replace the profile's, so these are said again.
        command.arg("--parameter-overrides");
        let mut values: BTreeMap<_, _> = self.preset.iter().cloned().collect();
        values.extend(parameters.iter().cloned());
        command.args(values.iter().map(|(name, value)| quoted(name, value)));
        command
    }

    /// `sam deploy`.
    pub fn deploy(&mut self, parameters: &[(String, String)]) -> Result<()> {
        self.deployed = true;
        output(&mut self.deployment(parameters)).map(|_| ())
    }

    /// `sam deploy` once more, with nothing changed.
    pub fn deploy_unchanged(&self, parameters: &[(String, String)]) -> Result<()> {
        let said = output(&mut self.deployment(parameters))?;
        ensure!(said.contains("No changes to deploy"), "a second deployment changed something:\n{said}");
        Ok(())
    }

    /// `sam deploy` of a version that changes the functions and then waits in vain for somebody to say that it's well: it
    /// must fail, roll back, and say why. Gives the reason.
    pub fn deploy_broken(&self, parameters: &[(String, String)]) -> Result<String> {
        let built = self.root.join(".aws-sam/build/template.yaml");
        let broken = built.with_file_name("broken.yaml");
        let template = fs::read_to_string(&built)?.replacen("\nResources:\n", BROKEN, 1);
        fs::write(&broken, template)?;
        let mut command = self.deployment(parameters);
        // The profiles are looked for beside the template.
        let profiles = self.root.join("samconfig.toml");
        command.arg("--config-file").arg(profiles).arg("--template-file").arg(&broken);
        let outcome = output(&mut command);
        fs::remove_file(&broken)?;
        let Err(error) = outcome else { bail!("a deployment that can't be was done") };

        let described = self.aws(&["cloudformation", "describe-stacks", "--stack-name", &self.name])?;
        let status = &described["Stacks"][0]["StackStatus"];
        ensure!(*status == "UPDATE_ROLLBACK_COMPLETE", "it's left {status}: {error:#}");
        // In a table whose columns are narrow; the whole reason is in the stack's events.
        ensure!(format!("{error:#}").contains("NobodySaysSo"), "it doesn't say what failed: {error:#}");
        let events = self.aws(&["cloudformation", "describe-stack-events", "--stack-name", &self.name])?;
        let events = events["StackEvents"].as_array().cloned().unwrap_or_default();
        let failed = events.iter().find(|event| {
            let status = event["ResourceStatus"].as_str().unwrap_or_default();
            event["LogicalResourceId"] == "NobodySaysSo" && status.ends_with("_FAILED")
        });
        let reason = failed.and_then(|event| event["ResourceStatusReason"].as_str());
        reason.map(str::to_owned).context("it doesn't say why it failed")
    }

    /// A variable in a function's environment, as it's deployed.
    pub fn variable(&self, function: &str, name: &str) -> Result<String> {
        let configured = self.aws(&["lambda", "get-function-configuration", "--function-name", function])?;
        let value = configured["Environment"]["Variables"][name].as_str();
        value.map(str::to_owned).with_context(|| format!("{function} has no variable {name}"))
    }

    /// An output of the stack.
    pub fn output(&self, key: &str) -> Result<String> {
        let described = self.aws(&["cloudformation", "describe-stacks", "--stack-name", &self.name])?;
        let outputs = described["Stacks"][0]["Outputs"].as_array().cloned().unwrap_or_default();
        let found = outputs.iter().find(|output| output["OutputKey"] == key);
        let value = found.and_then(|output| output["OutputValue"].as_str());
        value.map(str::to_owned).with_context(|| format!("the stack has no output {key}"))
    }

    /// Where the deployed API answers, without the version: the emulator's address, the API and its stage.
    pub fn api(&self) -> Result<String> {
        let path = self.output("ApiOnEmulators")?;
        Ok(format!("{}{}", self.endpoint, path.trim_end_matches('/')))
    }

    /// Invokes a function by hand, and gives its answer or its error.
    pub fn invoke(&self, function: &str, payload: &Value) -> Result<Value> {
        let folder = self.root.join("target/e2e");
        fs::create_dir_all(&folder)?;
        let answer = folder.join(format!("{}-answer.json", self.name));
        let (payload, to) = (payload.to_string(), answer.to_string_lossy().into_owned());
        let mut arguments = vec!["lambda", "invoke", "--function-name", function, "--payload", &payload];
        arguments.extend(["--cli-read-timeout", "900", &to]);
        let invoked = self.aws(&arguments)?;
        let answer: Value = serde_json::from_str(&fs::read_to_string(&answer)?)?;
        ensure!(invoked.get("FunctionError").is_none_or(Value::is_null), "{function} failed: {answer}");
        Ok(answer)
    }

    /// The functions' own logs, as far as they can be had.
    pub fn show_logs(&self, progress: &Progress) {
        if !self.deployed {
            return;
        }
        let groups = self.aws(&["logs", "describe-log-groups"]);
        let groups = groups.map(|groups| groups["logGroups"].as_array().cloned().unwrap_or_default());
        for group in groups.unwrap_or_default() {
            let name = group["logGroupName"].as_str().unwrap_or_default();
            if !name.contains(&self.name) {
                continue;
            }
            let read = ["logs", "filter-log-events", "--log-group-name", name];
            let Ok(events) = self.aws(&read) else { continue };
            let events = events["events"].as_array().cloned().unwrap_or_default();
            let lines: Vec<_> = events.iter().filter_map(|event| event["message"].as_str()).collect();
            if lines.is_empty() {
                continue;
            }
            progress.note(&format!("日志 · log of {name}"));
            for line in &lines[lines.len().saturating_sub(LINES)..] {
                Progress::line(&format!("           {}", line.trim_end()));
            }
        }
    }

    /// The name, which no other run has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `sam delete`. What the template has retained is for the emulator to forget, when it ends.
    pub fn remove(&mut self, progress: &Progress) -> Result<()> {
        if !std::mem::take(&mut self.deployed) {
            return Ok(());
        }
        progress.step("清理 · cleaning up");
        let mut command =
            self.sam(&["delete", "--stack-name", &self.name, "--no-prompts", "--region", REGION]);
        output(&mut command).map(|_| ())
    }
}
