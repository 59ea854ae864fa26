//! What an operator's commands work on: the data folder of this machine, or the deployed table that the environment names.

use crate::{
    clock,
    system::{Options, System},
};
use anyhow::Result;
use common::{
    aws::SdkParts,
    config::Env,
    crypto::{FieldCipher, decode_key, generate_key},
    store::{Store, Tables},
};
use domain::rules::RuleLibrary;
use indicatif::{ProgressBar, ProgressStyle};
use std::{sync::Arc, time::Duration};

/// The system whose data is in the folder, at its own time and beside one that listens.
pub async fn of_folder(options: Options) -> Result<System> {
    let clock = clock::of_folder(&options.data)?;
    System::start(&Options { s3_port: 0, ..options }, clock).await
}

/// The deployed store of this process's environment, which names it as it does for a function: `TABLE_NAME`, `AWS_REGION`
/// and credentials.
pub fn deployed() -> Result<Store> {
    store(&Env::process(), &SdkParts::from_env()?)
}

/// The store in the table that `env` names. No secret is needed: what is sealed stays sealed, and nobody is looked up by
/// an identity number.
pub fn store(env: &Env, parts: &SdkParts) -> Result<Store> {
    let records = env.required("TABLE_NAME", "the name of the records' table")?;
    let ring = format!("none={}", generate_key()?).parse()?;
    let cipher = FieldCipher::new(&ring, &decode_key(&generate_key()?)?)?;
    let tables = Tables { idempotency: records.clone(), records };
    let rules = RuleLibrary::compiled_in()?;
    Ok(Store::new(parts.dynamodb(), tables, Arc::new(cipher), Arc::new(rules)))
}

/// A bar that goes through a table.
pub(crate) fn bar() -> Result<ProgressBar> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template(
        "{spinner} {elapsed} [{bar:30}] 已读 {human_pos} / 约 {human_len} 条 · {msg}",
    )?);
    bar.enable_steady_tick(Duration::from_millis(100));
    Ok(bar)
}
