//! Credit records. Read as part of the dossier; written here by whoever records hours.

use super::{Store, StoreError, lost_condition, records};
use domain::credit::CreditRecord;

impl Store {
    /// Records hours once: a record whose id is there already stays as it is, and `false` comes back.
    pub async fn record_credit(&self, credit: &CreditRecord) -> Result<bool, StoreError> {
        let outcome = self
            .client
            .put_item()
            .table_name(&self.tables.records)
            .set_item(Some(records::credit_item(credit)?))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(true),
            Err(error) if lost_condition(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Two records of the same hours have the same key.
#[cfg(test)]
mod tests {
    use super::super::keys;
    use domain::{
        date::date,
        id::{CreditId, HolderId},
    };

    #[test]
    fn a_credit_record_is_filed_under_the_cycle_it_counts_in() {
        let key = keys::credit(
            &HolderId::mint(1),
            date(2026, 3, 1),
            &CreditId::mint(&HolderId::mint(1), date(2026, 3, 1), 2),
        );
        assert!(key.sk.starts_with("20260301#CREDIT#"));
    }
}
