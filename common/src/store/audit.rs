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

impl Store {
    /// Some of all registrations, and where to go on; after the last, nowhere. A part may be empty and not the last.
    pub async fn registrations_from(
        &self,
        place: Option<TablePlace>,
    ) -> Result<(Vec<Registration>, Option<TablePlace>), StoreError> {
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
        let registrations = items.map(records::from_item).collect::<Result<_, _>>()?;
        Ok((registrations, page.last_evaluated_key.map(TablePlace)))
    }
}
