//! Every registration, one after the other: for an operator's command that checks all journals. Functions never read the
//! table whole.

use super::{
    Store, StoreError,
    keys::{self, Item},
    records::{self, entity},
};
use domain::registration::Registration;

/// Where a reading of the whole table has come to.
#[derive(Debug, Clone)]
pub struct TablePlace(Item);

/// A part of the table, read.
#[derive(Debug)]
pub struct TablePart {
    /// The registrations in it; a part may have none and not be the last.
    pub registrations: Vec<Registration>,
    /// Items looked at, of whatever kind.
    pub seen: u64,
    /// Where to go on; after the last, nowhere.
    pub next: Option<TablePlace>,
}

impl Store {
    /// The part of the table from `place` on, as far as it's registrations.
    pub async fn registrations_from(&self, place: Option<TablePlace>) -> Result<TablePart, StoreError> {
        let page = self
            .client
            .scan()
            .table_name(&self.tables.records)
            .filter_expression("entity = :registration")
            .expression_attribute_values(":registration", keys::text(entity::REGISTRATION))
            .set_exclusive_start_key(place.map(|TablePlace(key)| key))
            .send()
            .await?;
        let items = page.items.unwrap_or_default().into_iter();
        Ok(TablePart {
            registrations: items.map(records::from_item).collect::<Result<_, _>>()?,
            seen: u64::try_from(page.scanned_count).unwrap_or_default(),
            next: page.last_evaluated_key.map(TablePlace),
        })
    }

    /// About how many items the table has; DynamoDB counts every six hours.
    pub async fn about_how_many(&self) -> Result<u64, StoreError> {
        let described = self.client.describe_table().table_name(&self.tables.records).send().await?;
        let count = described.table.and_then(|table| table.item_count).unwrap_or_default();
        Ok(u64::try_from(count).unwrap_or_default())
    }
}
