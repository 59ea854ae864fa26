//! The ledgers of subscribe messages, and which WeChat user a holder is. An acceptance is spent in the transaction that
//! notes the payment in the outbox's item, so that none is spent twice and none for nothing.

use super::{
    Committed, IdempotencyKey, Leased, Lost, Payment, Reply, Store, StoreError,
    commit::Transaction,
    keys::{self, Item},
    records::{self, entity},
    sessions::WeChatLink,
    transact::{Sent, cancelled},
};
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::{application::JournalEntry, id::HolderId, subscription::Consents};

/// How to reach a holder through WeChat.
#[derive(Debug, Clone, Default)]
pub struct Subscriber {
    /// Who they are in each mini-program they signed in by; ordinarily one.
    pub links: Vec<WeChatLink>,
    /// Their ledgers.
    pub ledgers: Vec<Consents>,
}

impl Subscriber {
    /// The ledger of `holder`, who this is, in the mini-program `app_id`.
    pub fn ledger(&self, holder: &HolderId, app_id: &str) -> Consents {
        let ledger = self.ledgers.iter().find(|ledger| ledger.app_id == app_id);
        ledger.cloned().unwrap_or_else(|| Consents::none(holder.clone(), app_id.to_owned()))
    }
}

/// How a step of a payment went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It's written.
    Now,
    /// Nothing is written: the ledger changed since it was read.
    LedgerMoved,
    /// Nothing is written: the lease has ended and another sender has the message.
    LeaseLost,
}

impl Store {
    /// How to reach `holder`: one query of two small items, strongly consistent.
    pub async fn subscriber(&self, holder: &HolderId) -> Result<Subscriber, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", keys::text(keys::subscriber_pk(holder)))
            .consistent_read(true)
            .send()
            .await?;
        let mut subscriber = Subscriber::default();
        for item in found.items.unwrap_or_default() {
            match records::string(&item, keys::ENTITY)? {
                entity::CONSENTS => subscriber.ledgers.push(records::from_item(item)?),
                _ => subscriber.links.push(link_from(&item)?),
            }
        }
        Ok(subscriber)
    }

    /// The write that notes which WeChat user `holder` is. The same each time.
    pub(super) fn link_put(
        &self,
        link: &WeChatLink,
        holder: &HolderId,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut item = keys::subscriber_link(holder, &link.app_id).attributes();
        item.insert(keys::ENTITY.to_owned(), keys::text(entity::SUBSCRIBER));
        item.insert("app_id".to_owned(), keys::text(&link.app_id));
        item.insert("open_id".to_owned(), keys::text(link.open_id.as_str()));
        self.plain_put(item)
    }

    /// Writes a ledger's next state with its journal's entry, where it's still as it was read.
    pub async fn commit_consents(
        &self,
        after: &Consents,
        journal: &JournalEntry,
        idempotency: Option<(&IdempotencyKey, &Reply)>,
    ) -> Result<Committed, Lost> {
        let mut transaction = Transaction::new(self, idempotency, journal.at)?;
        transaction.put_version(ledger_item(after)?, after.version)?;
        let record = format!("SUBSCRIPTION-{}-{}", after.holder, after.app_id);
        transaction.journal(&record, after.version, journal)?;
        transaction.send().await
    }

    /// Writes how `leased` is paid for from now on, and with it the ledger's next state where that changes.
    pub async fn settle_payment(
        &self,
        leased: &Leased,
        payment: Option<&Payment>,
        ledger: Option<&Consents>,
    ) -> Result<Settled, StoreError> {
        let update = Update::builder()
            .table_name(&self.tables.records)
            .set_key(Some(keys::outbox(leased.dispatch.id()).attributes()))
            .condition_expression("#state = :pending AND next_attempt = :lease")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":pending", keys::text("pending"))
            .expression_attribute_values(":lease", keys::text(leased.lease.to_string()));
        let update = match payment {
            Some(payment) => update
                .update_expression("SET wechat = :payment")
                .expression_attribute_values(":payment", serde_dynamo::to_attribute_value(payment)?),
            None => update.update_expression("REMOVE wechat"),
        };
        let update = update.build().map_err(|error| StoreError::Failed(error.to_string()))?;
        let mut items = vec![TransactWriteItem::builder().update(update).build()];
        if let Some(ledger) = ledger {
            items.push(self.version_put(ledger_item(ledger)?, ledger.version)?);
        }
        let Sent::Cancelled(reasons) = self.transact(items).await? else { return Ok(Settled::Now) };
        let lost = |place: usize| {
            reasons.get(place).is_some_and(|reason| reason.code() == Some("ConditionalCheckFailed"))
        };
        match (lost(0), lost(1)) {
            (true, _) => Ok(Settled::LeaseLost),
            (false, true) => Ok(Settled::LedgerMoved),
            (false, false) => Err(cancelled(&reasons)),
        }
    }
}

fn ledger_item(ledger: &Consents) -> Result<Item, StoreError> {
    records::to_item(ledger, &keys::subscriber_ledger(&ledger.holder, &ledger.app_id), entity::CONSENTS)
}

fn link_from(item: &Item) -> Result<WeChatLink, StoreError> {
    let open_id = records::string(item, "open_id")?.parse().map_err(|_| StoreError::Attribute("open_id"))?;
    Ok(WeChatLink { app_id: records::string(item, "app_id")?.to_owned(), open_id })
}
