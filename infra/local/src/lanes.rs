//! `index-registrations`: puts registrations of before there were notices into the index that mailings walk through. May be
//! cut off and run again, beside everything else.

use crate::{operator, system::Options};
use anyhow::Result;
use common::store::Store;
use futures_util::{StreamExt, TryStreamExt, stream};

/// Registrations that are put into the index at the same time.
const AT_ONCE: usize = 16;

/// Goes through the data folder.
pub async fn index_registrations(options: Options) -> Result<()> {
    tell(index(&operator::of_folder(options).await?.app.store).await?);
    Ok(())
}

/// The same in the deployed table.
pub async fn index_deployed_registrations() -> Result<()> {
    tell(index(&operator::deployed()?).await?);
    Ok(())
}

fn tell(count: u64) {
    println!("已编入 {count} 件登记 · registrations are in the index");
}

/// Puts every registration of `store` into the index, and says how many there were.
pub async fn index(store: &Store) -> Result<u64> {
    let bar = operator::bar()?;
    let items = store.about_how_many().await?;
    let (mut count, mut place) = (0, None);
    loop {
        let part = store.registrations_from(place).await?;
        let puts = part.registrations.iter().map(|registration| store.index_registration(registration));
        let mut puts = stream::iter(puts).buffered(AT_ONCE);
        while let Some(()) = puts.try_next().await? {
            count += 1;
        }
        bar.inc(part.seen);
        // The table's own count is hours old, and none for a new one.
        bar.set_length(items.max(bar.position()));
        place = part.next;
        if place.is_none() {
            bar.finish_and_clear();
            return Ok(count);
        }
    }
}
