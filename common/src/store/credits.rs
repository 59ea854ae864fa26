//! Credit records. Read as part of the dossier, and some of several people's side by side; written with a change, or here
//! by whoever sets a system up.

use super::{Store, StoreError, keys, records};
use domain::{
    credit::CreditRecord,
    id::{AttachmentId, CreditId},
};

impl Store {
    /// Records hours once: a record whose id is there already stays as it is, and `false` comes back.
    pub async fn record_credit(&self, credit: &CreditRecord) -> Result<bool, StoreError> {
        self.put_new(records::credit_item(credit, &self.rules, credit.updated_at.day())?).await
    }

    /// The records of hours with these ids, of whomever, as far as they are there. One call for a hundred.
    pub async fn credits(&self, ids: &[CreditId]) -> Result<Vec<CreditRecord>, StoreError> {
        let keys = ids.iter().map(|id| keys::credit(&id.holder(), id.cycle_start(), id)).collect();
        self.batch(keys).await?.into_iter().map(records::from_item).collect()
    }

    /// Files that were confirmed with the content `sha256` (hex), of whomever, at most `limit`. A file that was removed
    /// since may still be among them: the record says what it has.
    pub async fn same_evidence(&self, sha256: &str, limit: i32) -> Result<Vec<AttachmentId>, StoreError> {
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", keys::text(keys::evidence_pk(sha256)))
            .limit(limit)
            .send()
            .await?;
        let id = |item: keys::Item| {
            records::string(&item, keys::SK)?.parse().map_err(|_| StoreError::Attribute(keys::SK))
        };
        page.items.unwrap_or_default().into_iter().map(id).collect()
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
