//! The Python tools that deployment needs, each in a virtual environment of its own: their versions of botocore don't go
//! together. Made at first use, in the user's cache, from the pinned requirements in `infra/tools`.

use anyhow::{Context, Result, bail, ensure};
use common::crypto::sha256;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A tool, ready to be run.
#[derive(Debug, Clone)]
pub struct Tool {
    bin: PathBuf,
}

impl Tool {
    /// The tool of `infra/tools/{name}.txt`.
    pub fn ready(root: &Path, name: &str) -> Result<Self> {
        let requirements = root.join("infra/tools").join(name).with_extension("txt");
        let pinned =
            fs::read(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
        // Other requirements, another environment: a changed pin can't leave half of the old one behind.
        let digest = hex::encode(sha256(&pinned));
        let folder = cache()?.join(format!("{name}-{}", &digest[..12]));
        let finished = folder.join("finished");
        if !finished.exists() {
            println!("安装 {name}（仅第一次）· installing {name}, this first time only …");
            install(&folder, &requirements)
                .with_context(|| format!("{name} could not be installed in {}", folder.display()))?;
            fs::write(&finished, b"")?;
        }
        Ok(Self { bin: folder.join("bin") })
    }

    /// One of its programs, with all of them on the path.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        let paths = env::var_os("PATH").unwrap_or_default();
        let paths = [self.bin.clone()].into_iter().chain(env::split_paths(&paths));
        if let Ok(paths) = env::join_paths(paths) {
            command.env("PATH", paths);
        }
        command.env("SAM_CLI_TELEMETRY", "0").env("AWS_PAGER", "");
        command
    }
}

/// `$XDG_CACHE_HOME/social-worker-registry`, or `~/.cache/social-worker-registry`.
fn cache() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?)
            .join(".cache"),
    };
    Ok(base.join("social-worker-registry"))
}

fn install(folder: &Path, requirements: &Path) -> Result<()> {
    if folder.exists() {
        // An installation that was cut off.
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder.parent().context("the cache has no parent")?)?;
    let mut venv = Command::new("python3");
    run(venv.args(["-m", "venv"]).arg(folder))
        .context("python3 with its venv module is needed (on Debian: apt-get install python3-venv)")?;
    let mut pip = Command::new(folder.join("bin/pip"));
    run(pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements))
}

/// Runs `command` to its end; its output is the caller's.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", name_of(command)))?;
    ensure!(status.success(), "{} ended with {status}", name_of(command));
    Ok(())
}

/// Runs `command` to its end and gives what it printed; what it complained of is in the error where it failed.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", name_of(command)))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("{} ended with {}:\n{printed}{complaint}", name_of(command), output.status);
    }
    Ok(printed)
}

/// `sam deploy`, `aws lambda invoke`: without options, whose values may be secrets.
fn name_of(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    let words = arguments.take_while(|argument| !argument.starts_with('-')).take(3);
    [program].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}
