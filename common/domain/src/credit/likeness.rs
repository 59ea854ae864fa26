//! Records that look alike: the same course, the same file, the same title, the same days in person. They're shown
//! side by side to whoever reviews, and to the holder; nothing is refused for it, since two people of one class may
//! well hand in one sign-in sheet, and a morning and an afternoon are two trainings.

use super::{Activity, CreditRecord};
use crate::{
    date::CalendarDate,
    id::{CreditId, HolderId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// In what two records are alike. Codes are part of the API's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LikenessKind {
    /// One person, one course.
    SameCourse,
    /// One file, whoever handed it in and in whichever cycle.
    SameEvidence,
    /// One person, in person at two places on one day.
    OverlappingDays,
    /// One person, one title, days in common: what a provider recorded may have been claimed too.
    SameTitle,
}

impl LikenessKind {
    /// What it says, in Chinese.
    pub fn label(self) -> &'static str {
        match self {
            Self::SameCourse => "同一人、同一课程有两条记录",
            Self::SameEvidence => "两条记录使用了同一份证明材料",
            Self::OverlappingDays => "同一人的两项线下活动日期重叠",
            Self::SameTitle => "同一人的两条记录名称相同、日期重叠",
        }
    }
}

/// A record that another looks like.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Likeness {
    /// In what.
    pub code: LikenessKind,
    /// The other record.
    pub other: CreditId,
    /// What it says, in Chinese.
    pub detail: String,
}

fn alike(a: &CreditRecord, b: &CreditRecord) -> Vec<LikenessKind> {
    let mut found = Vec::new();
    if a.id == b.id {
        return found;
    }
    let same_person = a.holder == b.holder;
    if same_person && a.activity.course.is_some() && a.activity.course == b.activity.course {
        found.push(LikenessKind::SameCourse);
    }
    let files: BTreeSet<&str> = a.contents().collect();
    if b.contents().any(|content| files.contains(content)) {
        found.push(LikenessKind::SameEvidence);
    }
    if same_person && overlap(&a.activity, &b.activity) {
        found.push(LikenessKind::OverlappingDays);
    }
    if same_person && same_title(&a.activity, &b.activity) {
        found.push(LikenessKind::SameTitle);
    }
    found
}

fn overlap(a: &Activity, b: &Activity) -> bool {
    a.form.is_in_person() && b.form.is_in_person() && in_common(a, b)
}

/// True where they have a day in common.
fn in_common(a: &Activity, b: &Activity) -> bool {
    a.done_from <= b.done_to && b.done_from <= a.done_to
}

/// True for one title on days in common, where it isn't one course anyway.
fn same_title(a: &Activity, b: &Activity) -> bool {
    let one_course = a.course.is_some() && a.course == b.course;
    !one_course && in_common(a, b) && folded(a.title.as_str()) == folded(b.title.as_str())
}

/// `text` without spaces, in lower case: what people type differently and mean alike.
pub(crate) fn folded(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The records among `others`, anybody's and of any cycle, that `record` looks like. What was refused, taken back or
/// struck out is looked at too: a file that was no good once is worth knowing of.
pub fn likenesses<'a>(
    record: &CreditRecord,
    others: impl IntoIterator<Item = &'a CreditRecord>,
) -> Vec<Likeness> {
    let mut found: Vec<_> = others
        .into_iter()
        .flat_map(|other| alike(record, other).into_iter().map(|code| likeness(code, &other.id)))
        .collect();
    found.sort();
    found
}

fn likeness(code: LikenessKind, other: &CreditId) -> Likeness {
    Likeness { code, other: other.clone(), detail: code.label().to_owned() }
}

/// The likenesses among records that count or may come to. Each is found through what it has in common with others, so
/// that a transcript of 500 records takes no 500 × 500 comparisons.
pub(super) fn within(credits: &[CreditRecord]) -> BTreeMap<CreditId, Vec<Likeness>> {
    let alive: Vec<_> = credits.iter().filter(|credit| credit.state.is_alive()).collect();
    let mut pairs: BTreeSet<(LikenessKind, &CreditId, &CreditId)> = BTreeSet::new();
    let mut by_course: BTreeMap<(&HolderId, &str), Vec<&CreditId>> = BTreeMap::new();
    let mut by_file: BTreeMap<&str, Vec<&CreditId>> = BTreeMap::new();
    let mut by_title: BTreeMap<(&HolderId, String), Vec<&CreditRecord>> = BTreeMap::new();
    for credit in &alive {
        let title = folded(credit.activity.title.as_str());
        by_title.entry((&credit.holder, title)).or_default().push(credit);
        if let Some(course) = &credit.activity.course {
            by_course.entry((&credit.holder, course.as_str())).or_default().push(&credit.id);
        }
        for content in credit.contents() {
            by_file.entry(content).or_default().push(&credit.id);
        }
    }
    let courses = by_course.values().map(|ids| (LikenessKind::SameCourse, ids));
    for (kind, ids) in courses.chain(by_file.values().map(|ids| (LikenessKind::SameEvidence, ids))) {
        for a in ids {
            pairs.extend(ids.iter().filter(|b| *b != a).map(|b| (kind, *a, *b)));
        }
    }
    for records in by_title.values() {
        for a in records {
            let like = |b: &&&CreditRecord| b.id != a.id && same_title(&a.activity, &b.activity);
            pairs.extend(records.iter().filter(like).map(|b| (LikenessKind::SameTitle, &a.id, &b.id)));
        }
    }
    let mut in_person: Vec<_> = alive.iter().filter(|credit| credit.activity.form.is_in_person()).collect();
    in_person.sort_by_key(|credit| (credit.activity.done_from, credit.activity.done_to));
    for (index, a) in in_person.iter().enumerate() {
        let last: CalendarDate = a.activity.done_to;
        for b in in_person[index + 1..].iter().take_while(|b| b.activity.done_from <= last) {
            if a.holder == b.holder && a.id != b.id && overlap(&a.activity, &b.activity) {
                pairs.insert((LikenessKind::OverlappingDays, &a.id, &b.id));
                pairs.insert((LikenessKind::OverlappingDays, &b.id, &a.id));
            }
        }
    }
    let mut found: BTreeMap<CreditId, Vec<Likeness>> = BTreeMap::new();
    for (kind, of, other) in pairs {
        found.entry(of.clone()).or_default().push(likeness(kind, other));
    }
    found
}
