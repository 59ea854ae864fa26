//! Keys of notices, of the lists they stand in, and of their mailings.

use super::{Key, shard_of};
use domain::{
    date::Instant,
    district::{Area, DistrictCode},
    id::{HolderId, NoticeId},
    notice::NoticeRow,
    registration::RegistrationNumber,
};

/// A notice, its mailing, and that that was stopped.
pub(crate) fn notice_pk(id: &NoticeId) -> String {
    format!("NOTICE#{id}")
}

pub(crate) fn notice(id: &NoticeId) -> Key {
    Key::new(notice_pk(id), "NOTICE")
}

pub(crate) fn mailing(id: &NoticeId) -> Key {
    Key::new(notice_pk(id), "MAILING")
}

/// A mark of its own beside the mailing, whose item may be large: every sender looks for it.
pub(crate) fn mailing_stopped(id: &NoticeId) -> Key {
    Key::new(notice_pk(id), "STOPPED")
}

fn area_or_all(area: Option<&Area>) -> &str {
    area.map_or("ALL", Area::as_str)
}

/// The notices that are told in an area, or in the whole country.
pub(crate) fn notices_pk(area: Option<&Area>) -> String {
    format!("NOTICES#{}", area_or_all(area))
}

/// A notice that is told there since, or from, `at`. What is pinned sorts behind all that isn't, and a list is read from
/// its end.
pub(crate) fn told(area: Option<&Area>, row: &NoticeRow, at: Instant) -> Key {
    let order = if row.pinned { 'P' } else { 'N' };
    Key::new(notices_pk(area), format!("{order}#{at}#{}", row.id))
}

/// The notices that the staff of an area, or of the whole country, find.
pub(crate) fn notices_by_pk(area: Option<&Area>) -> String {
    format!("NOTICES-BY#{}", area_or_all(area))
}

pub(crate) fn notice_by(area: Option<&Area>, row: &NoticeRow) -> Key {
    Key::new(notices_by_pk(area), format!("{}#{}", row.created_at, row.id))
}

/// What a holder has read.
pub(crate) fn read_pk(holder: &HolderId) -> String {
    format!("NOTICES-READ#{holder}")
}

/// What a holder has read of a month's notices (`yyyymm`).
pub(crate) fn read_in(holder: &HolderId, month: &str) -> Key {
    Key::new(read_pk(holder), month)
}

/// The mailings that are unfinished, by when somebody may take them up.
pub(crate) const MAILINGS_PK: &str = "MAILING#00";

/// How many keys spread a province's registrations, for those who walk through them.
pub(crate) const REGISTERED_SHARDS: u8 = 8;

/// One shard of a province's registrations, by district and holder.
pub(crate) fn registered_pk(province: &str, shard: u8) -> String {
    format!("REGISTERED#{province}#{shard:02}")
}

/// A registration's place there: its partition and sort key of the index `queue`.
pub(crate) fn registered(
    district: &DistrictCode,
    holder: &HolderId,
    number: &RegistrationNumber,
) -> (String, String) {
    let shard = shard_of(holder.as_str(), REGISTERED_SHARDS);
    (registered_pk(district.prefix(2), shard), format!("{district}#{holder}#{number}"))
}
