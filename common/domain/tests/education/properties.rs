//! What holds of every assessment, whatever the records.

use super::{counting, cycle, ethics, hubei_with, tables};
use crate::common::activity;
use domain::{
    credit::{CreditCategory, CreditForm, CreditRecord, CreditState, Hours, Why, assess},
    date::date,
    id::{CourseId, CreditId},
    rules::RuleSet,
};
use proptest::prelude::*;
use std::{collections::BTreeSet, sync::LazyLock};

/// Rules with caps on some forms and on the cycle, and a share of ethics.
static CAPPED: LazyLock<RuleSet> = LazyLock::new(|| {
    let caps = tables(
        "[hours.caps]\nonline = { value = 40, source = \"service\" }\nseminar = { value = 15, source = \"service\" }\n\
         paper = { value = 0.5, source = \"service\" }\n\n[hours.cycle_cap]\nvalue = 95\nsource = \"service\"",
    );
    let (from, to) = ethics(20);
    hubei_with(&[("[hours.grounds]", &caps), (from, &to)])
});

/// Records of all sorts: any form, day, state, share recognised, unit, cycle; some of one course. A course has one form
/// and one category, as [`domain::credit::Course::attended`] sees to.
fn record() -> impl Strategy<Value = CreditRecord> {
    let what = (0..9_usize, any::<bool>(), -400..1500_i64, 1..400_u32, 0..=10_u32);
    let which = (0..7_usize, prop::option::weighted(0.4, 0..4_u128), 0..12_u8, any::<u64>());
    (what, which).prop_map(|((form, ethics, day, tenths, share), (state, course, odd, id))| {
        let form = course.map_or(CreditForm::ALL[form], |course| CreditForm::ALL[(course % 3) as usize]);
        let ethics = course.map_or(ethics, |course| course % 2 == 0);
        let category = if ethics { CreditCategory::Ethics } else { CreditCategory::Professional };
        let mut done = activity(form, category, date(2026, 3, 2).plus_days(day));
        done.course = course.map(CourseId::mint);
        let mut record = counting(done, tenths);
        record.id = CreditId::mint(&record.holder, record.cycle_start, id.into());
        // Most of them count.
        record.state = if odd < 8 { CreditState::Recorded } else { CreditState::ALL[state] };
        record.recognised = match record.state {
            CreditState::Recorded => record.claimed,
            CreditState::Draft | CreditState::Pending | CreditState::Refused => Hours::ZERO,
            _ => Hours::from_tenths(tenths * share / 10),
        };
        match odd {
            9 => record.unit = String::from("小时"),
            10 if record.activity.course.is_none() => record.cycle_start = date(2023, 3, 2),
            _ => {}
        }
        record
    })
}

fn records() -> impl Strategy<Value = Vec<CreditRecord>> {
    prop::collection::vec(record(), 0..25).prop_map(|mut records| {
        let mut seen = BTreeSet::new();
        records.retain(|record| seen.insert(record.id.clone()));
        records
    })
}

proptest! {
    #[test]
    fn totals_never_exceed_caps(credits in records()) {
        let assessed = assess(&cycle(&CAPPED), &credits, &CAPPED);
        for (form, tally) in &assessed.by_form {
            prop_assert!(tally.cap.is_none_or(|cap| tally.counted <= cap), "{form:?}: {tally:?}");
        }
        prop_assert!(assessed.shortfall.counted <= Hours::from_tenths(950));
        let by_form: Hours = assessed.by_form.values().map(|tally| tally.counted).sum();
        let by_category: Hours = assessed.by_category.values().map(|tally| tally.counted).sum();
        prop_assert_eq!(by_form, assessed.shortfall.counted);
        prop_assert_eq!(by_category, assessed.shortfall.counted);
    }

    #[test]
    fn another_record_never_lowers_a_total_or_raises_what_is_missing(credits in records()) {
        let mut last = assess(&cycle(&CAPPED), &[], &CAPPED);
        for count in 1..=credits.len() {
            let next = assess(&cycle(&CAPPED), &credits[..count], &CAPPED);
            let (before, after) = (last.shortfall, next.shortfall);
            prop_assert!(after.counted >= before.counted);
            prop_assert!(after.missing <= before.missing && after.ethics_missing <= before.ethics_missing);
            prop_assert!(next.with_pending.counted >= last.with_pending.counted);
            prop_assert!(next.with_pending.counted >= after.counted);
            for (form, tally) in &last.by_form {
                // Ethics of another form may take the cycle's last room, never a form's.
                prop_assert!(next.by_form[form].claimed >= tally.claimed);
            }
            last = next;
        }
    }

    #[test]
    fn the_order_of_the_records_does_not_matter(credits in records(), keys in prop::collection::vec(any::<u32>(), 25)) {
        let mut shuffled: Vec<_> = credits.iter().cloned().zip(keys).collect();
        shuffled.sort_by_key(|(_, key)| *key);
        let shuffled: Vec<_> = shuffled.into_iter().map(|(record, _)| record).collect();
        prop_assert_eq!(assess(&cycle(&CAPPED), &credits, &CAPPED), assess(&cycle(&CAPPED), &shuffled, &CAPPED));
    }

    #[test]
    fn every_hour_that_does_not_count_has_a_reason(credits in records()) {
        let assessed = assess(&cycle(&CAPPED), &credits, &CAPPED);
        prop_assert_eq!(assessed.lines.len(), credits.len());
        for line in &assessed.lines {
            let out: Hours = line.uncounted.iter().map(|uncounted| uncounted.hours).sum();
            prop_assert_eq!(line.counted.plus(out), line.claimed);
            for uncounted in &line.uncounted {
                prop_assert!(!uncounted.hours.is_zero() && !uncounted.detail.is_empty());
                prop_assert!(!uncounted.rule.source.is_empty() && !uncounted.rule.rule.is_empty());
                let instead = matches!(uncounted.code, Why::SameActivity | Why::CountedInEarlierCycle);
                prop_assert_eq!(uncounted.other.is_some(), instead);
            }
        }
    }

    #[test]
    fn one_course_counts_by_one_record(credits in records()) {
        let assessed = assess(&cycle(&CAPPED), &credits, &CAPPED);
        let mut counted = BTreeSet::new();
        for credit in &credits {
            let line = assessed.line(&credit.id).unwrap();
            if let Some(course) = credit.activity.course.as_ref().filter(|_| !line.counted.is_zero()) {
                prop_assert!(counted.insert(course), "{course} counts twice");
            }
        }
    }

    #[test]
    fn by_the_day_a_renewal_is_possible_the_hours_were_done_and_not_the_day_before(credits in records()) {
        let by = |day| {
            let done: Vec<_> = credits.iter().filter(|credit| credit.activity.done_to <= day).cloned().collect();
            assess(&cycle(&CAPPED), &done, &CAPPED).shortfall.is_met()
        };
        let renewal = assess(&cycle(&CAPPED), &credits, &CAPPED).renewal;
        match renewal.possible_from {
            None => prop_assert!(!by(date(2040, 1, 1))),
            Some(day) => prop_assert!(by(day) && (day == renewal.opens || !by(day.plus_days(-1)))),
        }
    }
}
