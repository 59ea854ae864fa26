//! `verify-journal`: checks the journals of registrations, from the first entry to the last.

use anyhow::{Context, Result, bail};
use common::store::{ChainReport, Store};
use domain::registration::{Registration, RegistrationNumber};
use indicatif::{ProgressBar, ProgressStyle};
use local::{
    clock,
    system::{Options, System},
};
use std::time::Duration;

/// What was found so far.
#[derive(Default)]
struct Found {
    journals: u64,
    entries: u64,
    broken: u64,
}

impl Found {
    fn add(&mut self, number: &RegistrationNumber, report: &ChainReport) {
        self.journals += 1;
        self.entries += report.entries;
        self.broken += u64::from(!report.faults.is_empty());
        for fault in &report.faults {
            println!("✗ {number}：{fault}");
        }
    }
}

/// Checks the journals of `numbers`, or where none is named, of every registration in the data folder.
pub async fn verify_journal(options: Options, numbers: &[RegistrationNumber]) -> Result<()> {
    let clock = clock::of_folder(&options.data)?;
    let system = System::start(&Options { s3_port: 0, ..options }, clock).await?;
    let store = &system.app.store;
    let mut found = Found::default();
    if numbers.is_empty() {
        all(store, &mut found).await?;
    }
    for number in numbers {
        let holder = store.registration_holder(number).await?;
        let holder = holder.with_context(|| format!("没有登记号 {number} · no such registration"))?;
        found.add(number, &store.check_journal(&holder, number).await?);
    }
    let Found { journals, entries, broken } = found;
    println!("已核对 {journals} 件登记的日志，共 {entries} 条记录 · journals checked");
    if broken > 0 {
        bail!("{broken} 件登记的日志不完整或被改动 · journals that are broken");
    }
    println!("全部完整，未发现改动 · all of them are whole");
    Ok(())
}

async fn all(store: &Store, found: &mut Found) -> Result<()> {
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {elapsed} {msg}")?);
    bar.enable_steady_tick(Duration::from_millis(100));
    let mut place = None;
    loop {
        let (registrations, next) = store.registrations_from(place).await?;
        for Registration { holder, number, .. } in registrations {
            let report = store.check_journal(&holder, &number).await?;
            bar.suspend(|| found.add(&number, &report));
            bar.set_message(format!(
                "已核对 {} 件，{} 条记录，{} 件有问题",
                found.journals, found.entries, found.broken
            ));
        }
        place = next;
        if place.is_none() {
            bar.finish_and_clear();
            return Ok(());
        }
    }
}
