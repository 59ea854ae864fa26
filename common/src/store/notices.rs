//! Notices: the notice itself, the lists it stands in, and what a holder has read.
//!
//! A notice stands in the list of each area that it's told in, under the time from which it's there; a holder's list is
//! made of one for the country, the province, the city and the district. So what a page costs follows from what is told
//! to its reader, and nothing is written when a scheduled notice appears. Staff have lists of their own, one for each area
//! that encloses the author's.

use super::{
    Committed, Cursor, IdempotencyKey, InvalidCursor, Lost, Page, PageError, Reply, Store, StoreError,
    commit::Transaction,
    items::every_item,
    keys::{self, Item, Key},
    mailings::mailing_item,
    records::{self, entity, month_of},
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    application::JournalEntry,
    date::Instant,
    district::Area,
    id::{HolderId, NoticeId},
    notice::{LISTED_DAYS, Mailing, Notice, NoticeRow, UNREAD_DAYS},
};
use futures_util::future::try_join_all;
use std::collections::BTreeSet;

/// Notices of one area that a page of a holder's list looks at.
const LOOKED_AT: i32 = 60;
/// Notices that a page of the staff's list looks at.
const STAFF_LOOKED_AT: i32 = 200;
/// Days after its month began that a mark is kept: till the month's last notice counts as read anyway.
const MARKED_DAYS: i64 = UNREAD_DAYS + 40;

/// A notice and its mailing, where it has one.
#[derive(Debug, Clone)]
pub struct NoticeHeld {
    /// The notice.
    pub notice: Notice,
    /// Its mailing as it's kept.
    pub mailing: Option<Mailing>,
    /// When the mailing was stopped.
    pub stopped_at: Option<Instant>,
}

impl NoticeHeld {
    /// Its mailing as it stands.
    pub fn mailing_now(&self) -> Option<Mailing> {
        self.mailing.clone().map(|mailing| mailing.stopped(self.stopped_at))
    }
}

/// What is written with a notice's next version.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoticeWrite<'a> {
    /// The version before; none for a new one.
    pub before: Option<&'a Notice>,
    /// Its mailing, where that is started.
    pub mailing: Option<&'a Mailing>,
    /// True where its mailing is stopped.
    pub stop: bool,
    /// What to remember for a retry.
    pub idempotency: Option<(&'a IdempotencyKey, &'a Reply)>,
}

/// What a page of a holder's list is made from: the newest of each of their areas, pinned ones first.
#[derive(Debug, Clone)]
pub struct Board {
    rows: Vec<(String, NoticeRow)>,
    /// Below this there may be more.
    floor: Option<String>,
}

impl Board {
    /// The notices that were looked at.
    pub fn rows(&self) -> impl Iterator<Item = &NoticeRow> {
        self.rows.iter().map(|(_, row)| row)
    }

    /// True where there are more than were looked at.
    pub fn is_cut(&self) -> bool {
        self.floor.is_some()
    }

    /// The first `limit` that `shown` lets through. The page may be short and yet not be the last.
    pub fn page(self, limit: usize, shown: impl Fn(&NoticeRow) -> bool) -> Page<NoticeRow> {
        let (mut items, mut last) = (Vec::new(), None);
        for (sk, row) in self.rows {
            if shown(&row) {
                if items.len() == limit {
                    return Page { items, next: last.as_ref().and_then(Cursor::encode) };
                }
                items.push(row);
            }
            last = Some(sk);
        }
        Page { items, next: self.floor.as_ref().and_then(Cursor::encode) }
    }
}

/// Where a notice stands in holders' lists: nowhere while it's a draft, nor once it's withdrawn.
fn told_in(notice: &Notice) -> Vec<Key> {
    let Some(at) = notice.publish_at.filter(|_| notice.withdrawn.is_none()) else { return Vec::new() };
    let row = notice.row();
    notice.areas().iter().map(|area| keys::told(area.as_ref(), &row, at)).collect()
}

/// Where it stands in the staff's lists: that of the author's area, and of each that encloses it.
fn found_by(notice: &Notice) -> Vec<Key> {
    let row = notice.row();
    let mut places = vec![keys::notice_by(None, &row)];
    let own = notice.area.as_ref().map(Area::as_str).unwrap_or_default();
    let enclosing = [2, 4, 6].iter().filter_map(|digits| own.get(..*digits)?.parse().ok());
    places.extend(enclosing.map(|area: Area| keys::notice_by(Some(&area), &row)));
    places
}

fn row_item(row: &NoticeRow, place: &Key, since: Instant) -> Result<Item, StoreError> {
    let mut item = records::to_item(row, place, entity::NOTICE_ROW)?;
    let until = since.plus_seconds(LISTED_DAYS * 86_400).unix_seconds();
    item.insert(keys::EXPIRES_AT.to_owned(), keys::number(until));
    Ok(item)
}

impl Store {
    /// The notice `id`, strongly consistent; none where there is none.
    pub async fn notice(&self, id: &NoticeId) -> Result<Option<Notice>, StoreError> {
        let request = self.client.get_item().table_name(&self.tables.records).consistent_read(true);
        let found = request.set_key(Some(keys::notice(id).attributes())).send().await?;
        found.item.map(records::from_item).transpose()
    }

    /// The notice `id` with its mailing, in one call.
    pub async fn notice_held(&self, id: &NoticeId) -> Result<Option<NoticeHeld>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.records)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", keys::text(keys::notice_pk(id)));
        let (mut notice, mut mailing, mut stopped_at) = (None, None, None);
        for item in every_item(query).await? {
            match records::string(&item, keys::ENTITY)? {
                entity::NOTICE => notice = Some(records::from_item(item)?),
                entity::MAILING => mailing = Some(records::from_item(item)?),
                entity::MAILING_STOPPED => {
                    let at =
                        records::string(&item, "at")?.parse().map_err(|_| StoreError::Attribute("at"))?;
                    stopped_at = Some(at);
                }
                _ => {}
            }
        }
        Ok(notice.map(|notice| NoticeHeld { notice, mailing, stopped_at }))
    }

    /// Writes a notice's next version, its entry in the journal, its places in the lists, and its mailing where that is
    /// started or stopped: whole or not at all.
    pub async fn commit_notice(
        &self,
        notice: &Notice,
        with: NoticeWrite<'_>,
        journal: &JournalEntry,
    ) -> Result<Committed, Lost> {
        let mut transaction = Transaction::new(self, with.idempotency, journal.at)?;
        let item = records::to_item(notice, &keys::notice(&notice.id), entity::NOTICE)?;
        transaction.put_version(item, notice.version)?;
        let key = keys::journal(notice.id.as_str(), notice.version);
        let mut entry = records::to_item(journal, &key, entity::JOURNAL)?;
        // What it said then can be told from what it says now.
        entry.insert("content_hash".to_owned(), keys::text(notice.content_hash()));
        transaction.put_new(entry)?;
        if let Some(mailing) = with.mailing {
            transaction.put_version(mailing_item(mailing, journal.at)?, mailing.version)?;
        }
        if with.stop {
            let mut mark = keys::mailing_stopped(&notice.id).attributes();
            mark.insert(keys::ENTITY.to_owned(), keys::text(entity::MAILING_STOPPED));
            mark.insert("at".to_owned(), keys::text(journal.at.to_string()));
            transaction.put(mark)?;
        }
        let row = notice.row();
        for place in found_by(notice) {
            transaction.put(row_item(&row, &place, notice.created_at)?)?;
        }
        let places = told_in(notice);
        for place in &places {
            transaction.put(row_item(&row, place, notice.publish_at.unwrap_or(notice.created_at))?)?;
        }
        for place in with.before.map(told_in).unwrap_or_default() {
            if !places.contains(&place) {
                transaction.delete(&place, false)?;
            }
        }
        transaction.send().await
    }

    /// What is told in `areas` at `now` or was before, after `cursor`: the newest of each area, pinned ones first. The
    /// areas are asked at the same time.
    pub async fn board(
        &self,
        areas: &[Option<Area>],
        cursor: Option<&Cursor>,
        now: Instant,
    ) -> Result<Board, PageError> {
        let before = match cursor.map(Cursor::decode::<String>).transpose()? {
            None => format!("P#{now}~"),
            Some(sk) if sk.starts_with("P#") || sk.starts_with("N#") => sk,
            Some(_) => return Err(InvalidCursor.into()),
        };
        let windows = areas.iter().map(|area| self.window(area.as_ref(), &before));
        let (mut rows, mut floor) = (Vec::new(), None::<String>);
        for (window, cut) in try_join_all(windows).await? {
            floor = floor.into_iter().chain(cut).max();
            rows.extend(window);
        }
        rows.retain(|(sk, row)| {
            // What is scheduled stands in the list already, and is nobody's to see.
            row.publish_at.is_some_and(|at| at <= now) && floor.as_ref().is_none_or(|floor| sk >= floor)
        });
        rows.sort_by(|(one, _), (other, _)| other.cmp(one));
        Ok(Board { rows, floor })
    }

    /// The newest of an area's list `before` a place, and the last place looked at where there are more.
    async fn window(
        &self,
        area: Option<&Area>,
        before: &str,
    ) -> Result<(Vec<(String, NoticeRow)>, Option<String>), StoreError> {
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":pk", keys::text(keys::notices_pk(area)))
            .expression_attribute_values(":before", keys::text(before))
            .scan_index_forward(false)
            .limit(LOOKED_AT)
            .send()
            .await?;
        let cut = page.last_evaluated_key.as_ref().map(|key| records::string(key, keys::SK)).transpose()?;
        let cut = cut.map(str::to_owned);
        let row = |item: Item| {
            let sk = records::string(&item, keys::SK)?.to_owned();
            Ok((sk, records::from_item(item)?))
        };
        let rows: Result<Vec<_>, StoreError> = page.items.unwrap_or_default().into_iter().map(row).collect();
        Ok((rows?, cut))
    }

    /// A page of the notices that the staff of `area` find, those drafted last first, as far as `shown` lets them through.
    /// A page may be short and yet not be the last.
    pub async fn notices_by(
        &self,
        area: Option<&Area>,
        limit: usize,
        cursor: Option<&Cursor>,
        shown: impl Fn(&NoticeRow) -> bool,
    ) -> Result<Page<NoticeRow>, PageError> {
        let before = cursor.map(Cursor::decode::<String>).transpose()?.unwrap_or_else(|| "~".to_owned());
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":pk", keys::text(keys::notices_by_pk(area)))
            .expression_attribute_values(":before", keys::text(before))
            .scan_index_forward(false)
            .limit(STAFF_LOOKED_AT)
            .send()
            .await
            .map_err(StoreError::from)?;
        let floor = page.last_evaluated_key.as_ref().map(|key| records::string(key, keys::SK)).transpose()?;
        let floor = floor.map(str::to_owned);
        let mut rows = Vec::new();
        for item in page.items.unwrap_or_default() {
            let sk = records::string(&item, keys::SK)?.to_owned();
            rows.push((sk, records::from_item(item)?));
        }
        Ok(Board { rows, floor }.page(limit, shown))
    }

    /// Which notices of the last [`UNREAD_DAYS`] `holder` has read, as of `now`: an item for each month.
    pub async fn read_by(&self, holder: &HolderId, now: Instant) -> Result<BTreeSet<NoticeId>, StoreError> {
        let oldest = month_of(now.day().plus_days(-UNREAD_DAYS));
        let query = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk >= :oldest")
            .expression_attribute_values(":pk", keys::text(keys::read_pk(holder)))
            .expression_attribute_values(":oldest", keys::text(oldest));
        let mut read = BTreeSet::new();
        for item in every_item(query).await? {
            let ids = item.get("ids").and_then(|ids| ids.as_ss().ok());
            read.extend(ids.into_iter().flatten().filter_map(|id| id.parse().ok()));
        }
        Ok(read)
    }

    /// Marks a notice that appeared at `at` as read by `holder`. Again makes no difference, and of two marks at once none
    /// is lost.
    pub async fn mark_read(
        &self,
        holder: &HolderId,
        notice: &NoticeId,
        at: Instant,
    ) -> Result<(), StoreError> {
        let key = keys::read_in(holder, &month_of(at.day()));
        let until = at.plus_seconds(MARKED_DAYS * 86_400).unix_seconds();
        self.client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(key.attributes()))
            .update_expression("ADD ids :id SET expires_at = :until, entity = :entity")
            .expression_attribute_values(":id", AttributeValue::Ss(vec![notice.to_string()]))
            .expression_attribute_values(":until", keys::number(until))
            .expression_attribute_values(":entity", keys::text(entity::NOTICES_READ))
            .send()
            .await?;
        Ok(())
    }
}
