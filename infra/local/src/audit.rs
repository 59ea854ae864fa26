//! `verify-journal`: checks the journals of registrations, from the first entry to the last. It only reads.

use crate::{operator, system::Options};
use anyhow::{Context, Result, bail};
use common::store::{ChainFault, ChainReport, Store};
use domain::registration::{Registration, RegistrationNumber};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Journals that are read at the same time.
const AT_ONCE: usize = 16;

/// What was found so far.
#[derive(Debug, Default)]
pub struct Found {
    /// Journals that were checked.
    pub journals: u64,
    /// Entries in them.
    pub entries: u64,
    /// What is wrong with those that aren't whole.
    pub broken: Vec<(RegistrationNumber, Vec<ChainFault>)>,
}

impl Found {
    fn add(&mut self, number: RegistrationNumber, report: ChainReport) {
        self.journals += 1;
        self.entries += report.entries;
        for fault in &report.faults {
            println!("✗ {number}：{fault}");
        }
        if !report.faults.is_empty() {
            self.broken.push((number, report.faults));
        }
    }
}

/// Checks the journals of `numbers`, or where none is named, of every registration in the data folder.
pub async fn verify_journal(options: Options, numbers: &[RegistrationNumber]) -> Result<()> {
    let system = operator::of_folder(options).await?;
    tell(&check(&system.app.store, numbers).await?)
}

/// The same in the deployed table.
pub async fn verify_deployed_journal(numbers: &[RegistrationNumber]) -> Result<()> {
    tell(&check(&operator::deployed()?, numbers).await?)
}

/// Checks the journals of `numbers`, or where none is named, of every registration that `store` has, telling each fault as
/// it's found.
pub async fn check(store: &Store, numbers: &[RegistrationNumber]) -> Result<Found> {
    if numbers.is_empty() {
        return all(store).await;
    }
    let mut found = Found::default();
    for number in numbers {
        let holder = store.registration_holder(number).await?;
        let holder = holder.with_context(|| format!("没有登记号 {number} · no such registration"))?;
        found.add(number.clone(), store.check_journal(&holder, number).await?);
    }
    Ok(found)
}

/// Says how it ended; an error where a journal isn't whole.
pub fn tell(found: &Found) -> Result<()> {
    let Found { journals, entries, broken } = found;
    println!("已核对 {journals} 件登记的日志，共 {entries} 条记录 · journals checked");
    if !broken.is_empty() {
        bail!("{} 件登记的日志不完整或被改动 · journals that are broken", broken.len());
    }
    println!("全部完整，未发现改动 · all of them are whole");
    Ok(())
}

async fn all(store: &Store) -> Result<Found> {
    let mut found = Found::default();
    let bar = operator::bar()?;
    let items = store.about_how_many().await?;
    let mut place = None;
    loop {
        let part = store.registrations_from(place).await?;
        let checks = part.registrations.into_iter().map(|Registration { holder, number, .. }| async move {
            let report = store.check_journal(&holder, &number).await?;
            Ok::<_, anyhow::Error>((number, report))
        });
        let mut checks = stream::iter(checks).buffered(AT_ONCE);
        while let Some((number, report)) = checks.try_next().await? {
            bar.suspend(|| found.add(number, report));
            bar.set_message(format!(
                "已核对 {} 件，{} 条日志，{} 件有问题",
                found.journals,
                found.entries,
                found.broken.len()
            ));
        }
        bar.inc(part.seen);
        // The table's own count is hours old, and none for a new one.
        bar.set_length(items.max(bar.position()));
        place = part.next;
        if place.is_none() {
            bar.finish_and_clear();
            return Ok(found);
        }
    }
}
