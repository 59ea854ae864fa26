//! Loading a dossier: one query.

use super::{
    Store, StoreError,
    keys::{self, Item},
    records::{self, entity},
};
use domain::{
    credit::CreditRecord,
    date::{CalendarDate, Instant},
    dossier::Dossier,
    id::HolderId,
};

impl Store {
    /// The dossier of `holder` as of `now`: one query, strongly consistent. Somebody unknown has an empty one.
    ///
    /// DynamoDB hands over at most 1 MB at a time; a dossier is some 10 to 50 kB, so a second call is for the
    /// extraordinary.
    pub async fn dossier(&self, holder: &HolderId, now: Instant) -> Result<Dossier, StoreError> {
        self.dossier_since(holder, Dossier::since(now.day()), now).await
    }

    /// The dossier of `holder` as of `now`, with applications and hours from `since` on: more than the working set, for
    /// what is asked of a cycle that lies before it. One query too.
    pub async fn dossier_since(
        &self,
        holder: &HolderId,
        since: CalendarDate,
        now: Instant,
    ) -> Result<Dossier, StoreError> {
        let mut dossier = Dossier::empty(holder.clone(), now);
        let mut start: Option<Item> = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.tables.records)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk >= :since")
                .expression_attribute_values(":pk", keys::text(keys::holder_pk(holder)))
                .expression_attribute_values(":since", keys::text(since.compact()))
                .set_exclusive_start_key(start.take())
                .send()
                .await?;
            for item in page.items.unwrap_or_default() {
                self.file(item, now, &mut dossier)?;
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(dossier);
            }
        }
    }

    fn file(&self, item: Item, now: Instant, dossier: &mut Dossier) -> Result<(), StoreError> {
        match records::string(&item, keys::ENTITY)? {
            entity::APPLICATION => {
                let application = records::application_from(item, &self.cipher)?;
                // A draft past its day is gone, though DynamoDB may take two days to remove it.
                if application.draft_expires_at().is_none_or(|expiry| expiry > now) {
                    dossier.applications.push(application);
                }
            }
            entity::MAIL_STANDING => dossier.mail = records::from_item(item)?,
            entity::PROFILE => dossier.profile = records::profile_from(item, &self.cipher)?,
            entity::REGISTRATION => dossier.registrations.push(records::from_item(item)?),
            entity::CREDIT => {
                let credit: CreditRecord = records::from_item(item)?;
                if credit.draft_expires_at().is_none_or(|expiry| expiry > now) {
                    dossier.credits.push(credit);
                }
            }
            // A later release may keep more in a dossier; this one reads what it knows.
            _ => {}
        }
        Ok(())
    }
}
