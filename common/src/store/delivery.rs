//! Proof of delivery: what a holder was told and how each message fared, what providers say of messages afterwards, and
//! how mail to a holder fares.

use super::{
    Cursor, Lost, OutboxItem, OutboxState, Page, PageError, Store, StoreError,
    commit::Transaction,
    keys::{self, Item},
    records::{self, entity},
};
use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    delivery::{Attempt, BouncedAddress, DeliveryState, Feedback, MailStanding, Wishes},
    id::HolderId,
    notification::Notification,
};
use serde::Deserialize;

/// Messages of a holder that are looked at for what can be told together.
const LOOKED_AT: i32 = 50;
/// Changes of how mail to one holder fares that may meet before one of them gives up.
const STANDING_ATTEMPTS: u32 = 8;

/// A message as a list of what a holder was told has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ToldMessage {
    /// The message.
    pub notification: Notification,
    state: OutboxState,
    /// The attempts, oldest first.
    #[serde(default)]
    pub trail: Vec<Attempt>,
    /// What the provider said of it after it was sent.
    #[serde(default)]
    pub feedback: Option<Feedback>,
    /// The carrier's own id for it, once sent.
    #[serde(default)]
    pub provider_id: Option<String>,
}

impl ToldMessage {
    /// How it stands.
    pub fn standing(&self) -> DeliveryState {
        DeliveryState::of(self.state == OutboxState::Pending, &self.trail, self.feedback.as_ref())
    }
}

impl Store {
    /// A page of what `holder` was told, newest first: one query of the index, which may be a moment behind.
    pub async fn messages(
        &self,
        holder: &HolderId,
        limit: i32,
        cursor: Option<&Cursor>,
    ) -> Result<Page<ToldMessage>, PageError> {
        // What the cursor holds is a place within this holder's messages; the partition is never taken from it.
        let after: Option<(String, String)> = cursor.map(Cursor::decode).transpose()?;
        let start = after.map(|(place, id)| {
            let mut start = keys::outbox(&id).attributes();
            start.insert(keys::MESSAGES_PK.to_owned(), keys::text(holder.as_str()));
            start.insert(keys::MESSAGES_SK.to_owned(), keys::text(place));
            start
        });
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .index_name(keys::MESSAGES_INDEX)
            .key_condition_expression("messages_pk = :pk")
            .expression_attribute_values(":pk", keys::text(holder.as_str()))
            .scan_index_forward(false)
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(StoreError::from)?;
        let items: Result<Vec<ToldMessage>, _> =
            page.items.unwrap_or_default().into_iter().map(records::from_item).collect();
        let next = page.last_evaluated_key.as_ref().map(place_of).transpose()?;
        Ok(Page { items: items?, next: next.and_then(|place| Cursor::encode(&place)) })
    }

    /// Notes what a provider says of the message `id`, unless more is known of it already. The message as it stands, where
    /// there is one: what follows from `feedback` may still have to be done by who was told it before.
    pub async fn note_feedback(
        &self,
        id: &str,
        feedback: &Feedback,
    ) -> Result<Option<OutboxItem>, StoreError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::outbox(id).attributes()))
            .update_expression("SET feedback = :feedback, feedback_rank = :rank")
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(feedback_rank) OR feedback_rank < :rank)",
            )
            .expression_attribute_values(":feedback", serde_dynamo::to_attribute_value(feedback)?)
            .expression_attribute_values(":rank", keys::number(feedback.kind.rank()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let item = match request.send().await {
            Ok(noted) => noted.attributes,
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(known)) => known.item.clone(),
                _ => return Err(error.into()),
            },
        };
        item.filter(|item| !item.is_empty()).map(records::from_item).transpose()
    }

    /// How mail to `holder` fares: one read, strongly consistent.
    pub async fn mail_standing(&self, holder: &HolderId) -> Result<MailStanding, StoreError> {
        let request = self.client.get_item().table_name(&self.tables.records).consistent_read(true);
        let found = request.set_key(Some(keys::mail_standing(holder).attributes())).send().await?;
        let standing = found.item.map(records::from_item).transpose()?;
        Ok(standing.unwrap_or_else(|| MailStanding::new(holder.clone())))
    }

    /// Suppresses an address of `holder` that bounced for good, unless it is already.
    pub async fn note_bounce(&self, holder: &HolderId, bounce: &BouncedAddress) -> Result<(), StoreError> {
        let entry = JournalEntry::new(Actor::System, JournalAction::AddressBounced, bounce.since);
        let standing = self.mail_standing(holder).await?;
        self.change_standing(standing, &entry, |standing| standing.after_bounce(bounce.clone())).await?;
        Ok(())
    }

    /// Notes what the holder wishes of whom `standing` was read. `entry` says who said so, when and from where. How it stands
    /// then.
    pub async fn set_wishes(
        &self,
        standing: MailStanding,
        wishes: Wishes,
        entry: &JournalEntry,
    ) -> Result<MailStanding, StoreError> {
        self.change_standing(standing, entry, |standing| standing.wishing(wishes, entry.at)).await
    }

    /// Notes that the holder wants no reminders by mail. As [`Store::set_wishes`].
    pub async fn unsubscribe(
        &self,
        standing: MailStanding,
        entry: &JournalEntry,
    ) -> Result<MailStanding, StoreError> {
        self.change_standing(standing, entry, |standing| standing.unsubscribed(entry.at)).await
    }

    /// What `holder` is still to be told, the newest first, of the last fifty messages: one query of the index, which may be a
    /// moment behind.
    pub async fn still_to_be_told(&self, holder: &HolderId) -> Result<Vec<Notification>, StoreError> {
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .index_name(keys::MESSAGES_INDEX)
            .key_condition_expression("messages_pk = :pk")
            .expression_attribute_values(":pk", keys::text(holder.as_str()))
            .scan_index_forward(false)
            .limit(LOOKED_AT)
            .send()
            .await?;
        let told = page.items.unwrap_or_default().into_iter().map(records::from_item::<ToldMessage>);
        let told: Vec<_> = told.collect::<Result<_, _>>()?;
        let waits = |told: &ToldMessage| told.state == OutboxState::Pending;
        Ok(told.into_iter().filter(waits).map(|told| told.notification).collect())
    }

    /// Writes what `decide` makes of `standing`, or of what it has become since it was read, with its entry of the journal;
    /// where it makes nothing, nothing.
    async fn change_standing(
        &self,
        mut standing: MailStanding,
        entry: &JournalEntry,
        decide: impl Fn(&MailStanding) -> Option<MailStanding>,
    ) -> Result<MailStanding, StoreError> {
        for _ in 0..STANDING_ATTEMPTS {
            let Some(next) = decide(&standing) else { return Ok(standing) };
            let mut transaction = Transaction::new(self, None, entry.at)?;
            let holder = &next.holder;
            let item = records::to_item(&next, &keys::mail_standing(holder), entity::MAIL_STANDING)?;
            transaction.put_version(item, next.version)?;
            transaction.journal(&keys::mail_record(holder), next.version, entry)?;
            match transaction.send().await {
                Ok(_) => return Ok(next),
                Err(Lost::Store(error)) => return Err(error),
                Err(_) => standing = self.mail_standing(holder).await?,
            }
        }
        Err(StoreError::Busy("how mail to a holder fares kept changing".to_owned()))
    }
}

/// A message's place among those of its holder, and its id.
fn place_of(key: &Item) -> Result<(String, String), StoreError> {
    let place = records::string(key, keys::MESSAGES_SK)?.to_owned();
    let id = records::string(key, keys::PK)?.strip_prefix(keys::OUTBOX_PREFIX);
    Ok((place, id.ok_or(StoreError::Attribute(keys::PK))?.to_owned()))
}
