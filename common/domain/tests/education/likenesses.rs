//! What looks like the same activity is shown side by side, and nothing is taken off for it.

use super::{counting, cycle, file, holder, hours, hubei_with};
use crate::common::activity;
use domain::{
    credit::{
        CreditCategory::{self, Professional},
        CreditForm, CreditRecord, CreditState, EvidenceKind, LikenessKind, assess, likenesses,
    },
    date::date,
    education::alike_key,
    id::{CourseId, CreditId, HolderId},
};
use rstest::rstest;

/// A record of `form` from `from` to `to` of May 2027, with a title of its own.
fn attended(form: CreditForm, from: u8, to: u8) -> CreditRecord {
    let mut done = activity(form, Professional, date(2027, 5, from));
    done.title = format!("{} 5月{from}日", form.label()).parse().unwrap();
    done.done_to = date(2027, 5, to);
    counting(done, 60)
}

fn kinds(a: &CreditRecord, b: &CreditRecord) -> Vec<LikenessKind> {
    likenesses(a, [b]).into_iter().map(|likeness| likeness.code).collect()
}

#[rstest]
#[case::the_last_day_is_the_others_first(CreditForm::InPerson, 3, CreditForm::Seminar, 3, true)]
#[case::the_day_after(CreditForm::InPerson, 3, CreditForm::Seminar, 4, false)]
#[case::at_a_conference(CreditForm::Conference, 3, CreditForm::InHouse, 2, true)]
#[case::online_can_be_done_anywhere(CreditForm::InPerson, 3, CreditForm::Online, 2, false)]
#[case::a_paper_too(CreditForm::Paper, 3, CreditForm::InPerson, 2, false)]
fn two_places_on_one_day_are_seen(
    #[case] form: CreditForm,
    #[case] to: u8,
    #[case] other: CreditForm,
    #[case] from: u8,
    #[case] seen: bool,
) {
    let (a, b) = (attended(form, 1, to), attended(other, from, 9));
    let expected = if seen { vec![LikenessKind::OverlappingDays] } else { vec![] };
    assert_eq!(kinds(&a, &b), expected);
    assert_eq!(kinds(&b, &a), expected);
    let rules = hubei_with(&[]);
    let assessed = assess(&cycle(&rules), &[a, b], &rules);
    assert!(assessed.lines.iter().all(|line| line.likenesses.len() == expected.len()));
    assert_eq!(assessed.shortfall.counted, hours(120), "a person decides");
}

#[test]
fn two_people_can_be_at_two_places() {
    let a = attended(CreditForm::InPerson, 1, 3);
    let b = CreditRecord { holder: HolderId::mint(21), ..attended(CreditForm::Seminar, 1, 3) };
    assert_eq!(kinds(&a, &b), []);
}

/// A provider's record names its course, a claim of the same by hand doesn't.
#[rstest]
#[case::spelled_another_way("社会工作 实务cbt", 4, HolderId::mint(20), &[LikenessKind::SameTitle])]
#[case::on_other_days("社会工作实务CBT", 6, HolderId::mint(20), &[])]
#[case::of_another_title("社会工作实务", 4, HolderId::mint(20), &[])]
#[case::of_another_person("社会工作实务CBT", 4, HolderId::mint(21), &[])]
fn one_title_on_one_day_is_seen(
    #[case] title: &str,
    #[case] from: u8,
    #[case] holder: HolderId,
    #[case] expected: &[LikenessKind],
) {
    let mut recorded = attended(CreditForm::Online, 1, 5);
    recorded.activity.title = "社会工作实务CBT".parse().unwrap();
    recorded.activity.course = Some(CourseId::mint(3));
    let mut claimed = CreditRecord { holder, ..attended(CreditForm::Online, from, 9) };
    claimed.activity.title = title.parse().unwrap();
    assert_eq!(kinds(&recorded, &claimed), expected);
    assert_eq!(kinds(&claimed, &recorded), expected);
    let rules = hubei_with(&[]);
    let assessed = assess(&cycle(&rules), &[recorded.clone(), claimed], &rules);
    let seen: Vec<_> = assessed.line(&recorded.id).unwrap().likenesses.iter().map(|one| one.code).collect();
    assert_eq!(seen, expected);
    // Two records of one course are told as that, not twice.
    let twice = CreditRecord { id: attended(CreditForm::Online, 2, 5).id, ..recorded.clone() };
    assert_eq!(kinds(&recorded, &twice), [LikenessKind::SameCourse]);
}

#[test]
fn one_file_is_seen_across_people_and_cycles_and_whatever_became_of_it() {
    let with_file = |day, content| {
        let mut record = attended(CreditForm::Online, day, day);
        record.files = vec![file(EvidenceKind::CompletionCertificate, content)];
        record
    };
    let mine = with_file(1, 1);
    let other = HolderId::mint(21);
    let theirs = CreditRecord {
        id: CreditId::mint(&other, date(2023, 3, 2), 1),
        holder: other,
        cycle_start: date(2023, 3, 2),
        state: CreditState::Refused,
        ..with_file(2, 1)
    };
    let found = likenesses(&mine, [&theirs, &with_file(3, 2), &mine]);
    assert_eq!(found.len(), 1, "not itself, and no other file");
    assert_eq!((found[0].code, &found[0].other), (LikenessKind::SameEvidence, &theirs.id));
    assert!(!found[0].detail.is_empty());
    let rules = hubei_with(&[]);
    let twice = [mine.clone(), with_file(4, 1)];
    let assessed = assess(&cycle(&rules), &twice, &rules);
    assert_eq!(assessed.shortfall.counted, hours(120), "flagged, not refused");
    assert_eq!(assessed.line(&mine.id).unwrap().likenesses[0].other, twice[1].id);
}

#[test]
fn one_course_of_one_person_is_seen_and_counts_once_by_the_record_with_more() {
    let of_course = |day, tenths| {
        let mut done = activity(CreditForm::Online, Professional, date(2027, 5, day));
        done.course = Some(CourseId::mint(3));
        counting(done, tenths)
    };
    let (less, more) = (of_course(1, 50), of_course(2, 70));
    assert_eq!(kinds(&less, &more), [LikenessKind::SameCourse]);
    let somebody_elses = CreditRecord { holder: HolderId::mint(21), ..more.clone() };
    assert_eq!(kinds(&less, &somebody_elses), []);
    let rules = hubei_with(&[]);
    let assessed = assess(&cycle(&rules), &[less.clone(), more.clone()], &rules);
    assert_eq!(assessed.shortfall.counted, hours(70));
    let lost = &assessed.line(&less.id).unwrap().uncounted[0];
    assert_eq!((lost.other.as_ref(), lost.rule.rule.as_str()), (Some(&more.id), "hours.one_activity_once"));
    // Where the rules don't say so, both count.
    let rules = hubei_with(&[("one_activity_once = { value = true", "one_activity_once = { value = false")]);
    assert_eq!(assess(&cycle(&rules), &[less, more], &rules).shortfall.counted, hours(120));
    assert_eq!(holder(), HolderId::mint(20));
}

type Edit = fn(&mut CreditRecord);

#[rstest]
#[case::somebody_elses(|record: &mut CreditRecord| record.holder = HolderId::mint(21), true)]
#[case::in_another_state(|record: &mut CreditRecord| record.state = CreditState::Refused, true)]
#[case::with_other_files(|record: &mut CreditRecord| record.files = vec![file(EvidenceKind::Notice, 3)], true)]
#[case::spelled_with_spaces(|record: &mut CreditRecord| record.activity.title = "社会 工作　实务 cbt".parse().unwrap(), true)]
#[case::in_capitals(|record: &mut CreditRecord| record.activity.provider = Some("SWORK".parse().unwrap()), true)]
#[case::of_another_title(|record: &mut CreditRecord| record.activity.title = "社会工作实务CB".parse().unwrap(), false)]
#[case::by_another_provider(|record: &mut CreditRecord| record.activity.provider = None, false)]
#[case::of_another_form(|record: &mut CreditRecord| record.activity.form = CreditForm::Seminar, false)]
#[case::of_another_category(|record: &mut CreditRecord| record.activity.category = CreditCategory::Ethics, false)]
#[case::begun_another_day(|record: &mut CreditRecord| record.activity.done_from = date(2027, 4, 30), false)]
#[case::finished_another_day(|record: &mut CreditRecord| record.activity.done_to = date(2027, 5, 3), false)]
#[case::of_other_hours(|record: &mut CreditRecord| record.claimed = hours(59), false)]
#[case::of_another_unit(|record: &mut CreditRecord| record.unit = "小时".to_owned(), false)]
#[case::of_a_course(|record: &mut CreditRecord| record.activity.course = Some(CourseId::mint(3)), false)]
fn claims_that_say_the_same_have_one_key(#[case] edit: Edit, #[case] same: bool) {
    let mut record = attended(CreditForm::Online, 1, 2);
    record.activity.title = "社会工作实务CBT".parse().unwrap();
    record.activity.provider = Some("Swork".parse().unwrap());
    let key = alike_key(&record);
    assert!(key.len() == 16 && key.bytes().all(|digit| digit.is_ascii_hexdigit()), "{key}");
    let mut other = record.clone();
    edit(&mut other);
    assert_eq!(alike_key(&other) == key, same);
    // What one field ends with isn't what the next begins with.
    let (mut a, mut b) = (record.clone(), record);
    a.activity.title = "社会工作实务CBTswork".parse().unwrap();
    a.activity.provider = None;
    b.activity.provider = Some("Swork".parse().unwrap());
    assert_ne!(alike_key(&a), alike_key(&b));
}
