//! Forms of education: how each becomes hours, what caps it, and the share of ethics.

use super::{NATIONAL, cycle, done, ethics, hours, hubei_with, outcome, tables, why};
use crate::common::{activity, rules};
use domain::{
    credit::{
        CreditCategory::{self, Ethics, Professional},
        CreditForm, CreditRecord, CreditState, DegreeLevel, JournalClass, Particulars, Why, assess,
    },
    date::date,
    rules::{RuleLibrary, RuleSet},
};
use rstest::rstest;

/// Standards as some provinces have them, to see each kind of conversion at work.
fn with_standards() -> RuleSet {
    let claimed = "conversion = { value = { by = \"claimed\" }, source = \"guide\", verified = false }";
    let form = |form: &str, asks: &str| {
        format!(
            "[hours.forms.{form}]\naccepted = {{ value = true, source = \"guide\", verified = true }}\n{claimed}\nasks = {{ value = {asks},"
        )
    };
    let with = |form: &str, asks: &str, by: &str| {
        format!(
            "[hours.forms.{form}]\naccepted = {{ value = true, source = \"guide\" }}\nconversion = {{ value = {{ {by} }}, source = \"service\" }}\nasks = {{ value = {asks},"
        )
    };
    let table = "by = \"table\", rows = [\
        { journal_class = \"core\", min_words = 3000, hours = 80 }, { journal_class = \"core\", hours = 60 }, \
        { journal_class = \"national\", min_pages = 4, hours = 40 }]";
    let edits = [
        (form("research", "[]"), with("research", "[]", "by = \"each\", hours = 30")),
        (form("monograph", "[]"), with("monograph", "[]", "by = \"each\", hours = 90")),
        (
            form("paper", "[\"journal_class\"]"),
            with("paper", "[\"journal_class\", \"words\", \"pages\"]", table),
        ),
        (
            form("degree", "[\"degree_level\"]"),
            with("degree", "[\"degree_level\"]", "by = \"degree\", hours = 90"),
        ),
    ];
    let edits: Vec<_> = edits.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    hubei_with(&edits)
}

#[rstest]
fn every_form_that_the_guide_names_counts_in_hubei_and_elsewhere(
    #[values("420106", "110105")] district: &str,
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8)] form: usize,
) {
    let rules = rules().for_district(Some(&district.parse().unwrap()));
    let mut record = done(CreditForm::ALL[form], Professional, 75);
    record.unit = rules.hours.unit.to_string();
    assert_eq!(outcome(&record, rules), (75, vec![]));
}

#[rstest]
#[case::online(CreditForm::Online, 75, 75)]
#[case::in_person(CreditForm::InPerson, 75, 75)]
#[case::seminar(CreditForm::Seminar, 75, 75)]
#[case::conference(CreditForm::Conference, 75, 75)]
#[case::in_house(CreditForm::InHouse, 75, 75)]
#[case::research_gives_no_more_than_its_standard(CreditForm::Research, 500, 300)]
#[case::research_that_claims_less_gets_less(CreditForm::Research, 200, 200)]
#[case::monograph(CreditForm::Monograph, 1000, 900)]
fn hours_are_as_attended_or_as_the_standard_gives(
    #[case] form: CreditForm,
    #[case] claimed: u32,
    #[case] counted: u32,
) {
    let out = if claimed > counted { vec![(Why::OverConversion, claimed - counted)] } else { vec![] };
    assert_eq!(outcome(&done(form, Professional, claimed), &with_standards()), (counted, out));
}

#[rstest]
#[case::core_of_3000_characters(Some(JournalClass::Core), 3000, 1, 800)]
#[case::core_of_one_less(Some(JournalClass::Core), 2999, 1, 600)]
#[case::national_of_four_pages(Some(JournalClass::National), 0, 4, 400)]
#[case::national_of_three(Some(JournalClass::National), 9000, 3, 0)]
#[case::elsewhere(Some(JournalClass::Other), 9000, 40, 0)]
#[case::not_said_where(None, 9000, 40, 0)]
fn a_paper_counts_by_its_journal_and_its_length(
    #[case] journal_class: Option<JournalClass>,
    #[case] words: u32,
    #[case] pages: u32,
    #[case] counted: u32,
) {
    let mut paper = done(CreditForm::Paper, Professional, 1000);
    paper.activity.particulars =
        Particulars { journal_class, words: Some(words), pages: Some(pages), ..Particulars::default() };
    let code = if counted == 0 { Why::NoConversion } else { Why::OverConversion };
    assert_eq!(outcome(&paper, &with_standards()), (counted, vec![(code, 1000 - counted)]));
}

fn degree(level: DegreeLevel, awarded: bool, tenths: u32) -> CreditRecord {
    let mut record = done(CreditForm::Degree, Professional, tenths);
    record.activity.particulars.degree_level = Some(level);
    record.activity.particulars.degree_awarded = awarded;
    record
}

#[rstest]
#[case::awarded(true, 1200, 900)]
#[case::taught_hours_of_passed_courses(false, 1200, 1200)]
fn a_degree_gives_its_hours_and_taught_hours_count_until_then(
    #[case] awarded: bool,
    #[case] claimed: u32,
    #[case] counted: u32,
) {
    let record = degree(DegreeLevel::Master, awarded, claimed);
    assert_eq!(outcome(&record, &with_standards()).0, counted);
    // The ministry's rule as it ships.
    let national = RuleLibrary::parse(&[NATIONAL]).unwrap().for_district(None).clone();
    let record = CreditRecord { unit: "小时".to_owned(), ..record };
    assert_eq!(outcome(&record, &national).0, counted);
}

#[test]
fn a_degree_counts_once_and_another_degree_is_another() {
    let rules = with_standards();
    let credits = [degree(DegreeLevel::Master, true, 900), degree(DegreeLevel::Master, true, 800)];
    let assessed = assess(&cycle(&rules), &credits, &rules);
    assert_eq!(assessed.shortfall.counted, hours(900));
    assert_eq!(why(&assessed, &credits[1].id), [(Why::SameActivity, 800)]);
    assert_eq!(assessed.line(&credits[1].id).unwrap().uncounted[0].other, Some(credits[0].id.clone()));
    let credits = [degree(DegreeLevel::Master, true, 900), degree(DegreeLevel::Doctor, true, 800)];
    assert_eq!(assess(&cycle(&rules), &credits, &rules).shortfall.counted, hours(1700));
}

#[rstest]
#[case::by_the_day_it_began(0, true, 60)]
#[case::a_day_late(1, true, 0)]
#[case::without_a_number(-5, false, 0)]
fn in_house_training_counts_where_it_was_put_on_record_beforehand(
    #[case] days: i64,
    #[case] number: bool,
    #[case] counted: u32,
) {
    let mut record = done(CreditForm::InHouse, Professional, 60);
    let particulars = &mut record.activity.particulars;
    particulars.filed_on = Some(record.activity.done_from.plus_days(days));
    if !number {
        particulars.filing_number = None;
    }
    let out = if counted == 0 { vec![(Why::NotOnRecord, 60)] } else { vec![] };
    assert_eq!(outcome(&record, &hubei_with(&[])), (counted, out.clone()));
    // Where it may come at any time, only the number is asked for.
    let any_time = hubei_with(&[("filing = { value = \"beforehand\"", "filing = { value = \"any_time\"")]);
    assert_eq!(outcome(&record, &any_time).0, if number { 60 } else { 0 });
}

#[test]
fn a_form_that_the_rules_leave_out_counts_for_nothing() {
    let rules = hubei_with(&[(
        "[hours.forms.seminar]\naccepted = { value = true",
        "[hours.forms.seminar]\naccepted = { value = false",
    )]);
    let seminar = done(CreditForm::Seminar, Professional, 60);
    assert_eq!(outcome(&seminar, &rules), (0, vec![(Why::FormNotAccepted, 60)]));
    assert_eq!(outcome(&done(CreditForm::Online, Professional, 60), &rules).0, 60);
}

#[rstest]
fn each_form_counts_up_to_its_cap_and_not_beyond(
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8)] form: usize,
    #[values(299, 300, 301)] claimed: u32,
) {
    let form = CreditForm::ALL[form];
    let cap = tables(&format!("[hours.caps]\n{} = {{ value = 30, source = \"service\" }}", form.key()));
    let rules = hubei_with(&[("[hours.grounds]", &cap)]);
    let credits = [done(form, Professional, 100), done(form, Professional, claimed - 100)];
    let assessed = assess(&cycle(&rules), &credits, &rules);
    let tally = assessed.by_form[&form];
    assert_eq!(assessed.shortfall.counted, hours(claimed.min(300)));
    assert_eq!((tally.counted, tally.cap), (hours(claimed.min(300)), Some(hours(300))));
    assert_eq!((tally.claimed, tally.capped), (hours(claimed), hours(claimed.saturating_sub(300))));
    let lost: Vec<_> = assessed.lines.iter().flat_map(|line| &line.uncounted).collect();
    assert!(lost.iter().all(|lost| lost.code == Why::OverFormCap && lost.detail.contains("最多计 30 学时")));
    assert_eq!(
        lost.first().map(|lost| lost.rule.rule.clone()),
        (claimed > 300).then(|| format!("hours.caps.{}", form.key()))
    );
    // Another form has room of its own.
    let other = if form == CreditForm::Online { CreditForm::InPerson } else { CreditForm::Online };
    let more = [credits[0].clone(), credits[1].clone(), done(other, Professional, 500)];
    assert_eq!(assess(&cycle(&rules), &more, &rules).shortfall.counted, hours(claimed.min(300) + 500));
}

#[test]
fn a_cap_over_the_whole_cycle_takes_no_room_of_a_form() {
    let cap = tables(
        "[hours.caps]\nseminar = { value = 60, source = \"service\" }\n\n[hours.cycle_cap]\nvalue = 100\nsource = \"service\"",
    );
    let rules = hubei_with(&[("[hours.grounds]", &cap)]);
    let credits = [
        done(CreditForm::Seminar, Professional, 700),
        done(CreditForm::Online, Professional, 500),
        done(CreditForm::Online, Ethics, 200),
    ];
    let assessed = assess(&cycle(&rules), &credits, &rules);
    assert_eq!(assessed.shortfall.counted, hours(1000));
    assert_eq!(assessed.by_category[&Ethics].counted, hours(200));
    let lost: u32 = credits.iter().flat_map(|credit| why(&assessed, &credit.id)).map(|(_, lost)| lost).sum();
    assert_eq!(lost, 400);
}

/// Whichever seminar is earlier, whatever its id: where a cap bites, hours of ethics are counted first.
#[rstest]
#[case::ethics_later(date(2027, 1, 1), date(2028, 1, 1))]
#[case::ethics_earlier(date(2028, 1, 1), date(2027, 1, 1))]
fn a_cap_never_costs_hours_of_ethics(
    #[case] other_day: domain::date::CalendarDate,
    #[case] ethics_day: domain::date::CalendarDate,
) {
    let cap = tables("[hours.caps]\nseminar = { value = 30, source = \"service\" }");
    let (from, to) = ethics(20);
    let rules = hubei_with(&[("[hours.grounds]", &cap), (from, &to)]);
    let other = super::counting(activity(CreditForm::Seminar, Professional, other_day), 300);
    let of_ethics = super::counting(activity(CreditForm::Seminar, Ethics, ethics_day), 180);
    let assessed = assess(&cycle(&rules), &[other.clone(), of_ethics.clone()], &rules);
    assert_eq!(assessed.shortfall.counted, hours(300));
    assert_eq!(assessed.shortfall.ethics_missing, hours(0));
    assert_eq!(why(&assessed, &of_ethics.id), []);
    assert_eq!(why(&assessed, &other.id), [(Why::OverFormCap, 180)]);
}

#[rstest]
#[case::none_asked(0, 0, 0)]
#[case::a_fifth_met(20, 180, 0)]
#[case::a_fifth_short_by_a_tenth(20, 179, 1)]
#[case::a_third_short_by_a_tenth(33, 296, 1)]
#[case::a_third_met(33, 297, 0)]
#[case::all_of_it(100, 899, 1)]
fn a_share_of_what_is_required_must_be_values_and_ethics(
    #[case] percent: u8,
    #[case] of_ethics: u32,
    #[case] missing: u32,
) {
    let (from, to) = ethics(percent);
    let rules = hubei_with(&[(from, &to)]);
    let mut credits = vec![done(CreditForm::Online, Professional, 900)];
    if of_ethics > 0 {
        credits.push(done(CreditForm::InPerson, Ethics, of_ethics));
    }
    let shortfall = assess(&cycle(&rules), &credits, &rules).shortfall;
    assert_eq!((shortfall.missing, shortfall.ethics_missing), (hours(0), hours(missing)));
    assert_eq!(shortfall.is_met(), missing == 0);
}

#[test]
fn an_odd_share_is_rounded_up_to_a_tenth() {
    let (from, to) = ethics(33);
    let rules = hubei_with(&[
        (from, &to),
        ("assistant_social_worker = { value = 90", "assistant_social_worker = { value = 90.5"),
    ]);
    // A third of 90.5 less a little is 29.865.
    let assessed = assess(&cycle(&rules), &[], &rules);
    assert_eq!((assessed.ethics_required, assessed.shortfall.ethics_missing), (hours(299), hours(299)));
}

#[test]
fn values_without_a_source_are_on_the_holders_side_and_say_so() {
    for rules in rules().iter() {
        let hours = &rules.hours;
        assert!(hours.caps.is_empty() && hours.cycle_cap.is_none(), "{}: no source gives a cap", rules.id);
        assert_eq!((*hours.ethics_percent, *hours.audit_percent), (0, 0), "{}: none gives a share", rules.id);
        assert!(*hours.before_first_registration);
        assert!(!hours.ethics_percent.verified && !hours.audit_percent.verified);
        assert!(!hours.before_first_registration.verified);
        assert!(hours.forms.values().all(|form| *form.accepted && !form.conversion.verified));
    }
}

/// Every state but the two that count.
#[rstest]
#[case(CreditState::Draft, Why::Draft)]
#[case(CreditState::Pending, Why::Pending)]
#[case(CreditState::Refused, Why::Refused)]
#[case(CreditState::Withdrawn, Why::Withdrawn)]
#[case(CreditState::Voided, Why::Voided)]
fn what_is_not_recognised_does_not_count_and_says_why(#[case] state: CreditState, #[case] code: Why) {
    let record = CreditRecord { state, ..done(CreditForm::Online, Professional, 60) };
    assert_eq!(outcome(&record, &hubei_with(&[])), (0, vec![(code, 60)]));
}

#[rstest]
#[case(CreditState::Recorded, 60, vec![])]
#[case(CreditState::Recognised, 60, vec![])]
#[case(CreditState::Recognised, 45, vec![(Why::RecognisedInPart, 15)])]
fn what_is_recorded_or_recognised_counts_as_far_as_it_was(
    #[case] state: CreditState,
    #[case] recognised: u32,
    #[case] out: Vec<(Why, u32)>,
) {
    let record =
        CreditRecord { state, recognised: hours(recognised), ..done(CreditForm::Online, Professional, 60) };
    assert_eq!(outcome(&record, &hubei_with(&[])), (recognised, out));
}

#[test]
fn what_waits_is_shown_beside_what_counts() {
    let (from, to) = ethics(20);
    let rules = hubei_with(&[(from, &to)]);
    let pending = CreditRecord {
        state: CreditState::Pending,
        recognised: hours(0),
        ..done(CreditForm::InPerson, Ethics, 300)
    };
    let credits = [done(CreditForm::Online, Professional, 500), pending];
    let assessed = assess(&cycle(&rules), &credits, &rules);
    assert_eq!((assessed.shortfall.missing, assessed.shortfall.ethics_missing), (hours(400), hours(180)));
    assert_eq!((assessed.with_pending.missing, assessed.with_pending.ethics_missing), (hours(100), hours(0)));
    assert_eq!(assessed.pending(), hours(300));
    assert_eq!(assessed.by_category[&CreditCategory::Ethics].pending, hours(300));
}
