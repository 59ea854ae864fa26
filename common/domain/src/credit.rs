//! Continuing education: hours, the cycle they count in, and how many are still missing.

use crate::{
    certificate::CertificateLevel,
    date::CalendarDate,
    id::{CreditId, HolderId},
    rules::{RuleSet, RuleSetId},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{collections::BTreeMap, fmt};

/// Hours of continuing education, exact to a tenth. Whether an hour is a 学时 or a 小时 is the rule set's word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hours(u32);

impl Hours {
    /// None.
    pub const ZERO: Self = Self(0);

    /// Hours from tenths of an hour.
    pub const fn from_tenths(tenths: u32) -> Self {
        Self(tenths)
    }

    /// Tenths of an hour.
    pub const fn tenths(self) -> u32 {
        self.0
    }

    /// The sum.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left when `other` is taken off; never below none.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// True for none.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `percent` of these hours, rounded up to a tenth.
    #[must_use]
    pub fn percent(self, percent: u8) -> Self {
        Self((self.0 * u32::from(percent)).div_ceil(100))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(10) {
            write!(f, "{}", self.0 / 10)
        } else {
            write!(f, "{}.{}", self.0 / 10, self.0 % 10)
        }
    }
}

impl fmt::Debug for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}h")
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(10) {
            serializer.serialize_u32(self.0 / 10)
        } else {
            serializer.serialize_f64(f64::from(self.0) / 10.0)
        }
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hours = f64::deserialize(deserializer)?;
        let tenths = (hours * 10.0).round();
        if !(0.0..=100_000.0).contains(&hours) || (hours * 10.0 - tenths).abs() > 1e-6 {
            return Err(serde::de::Error::custom("学时应为不小于 0 的数，最多一位小数"));
        }
        // In range and whole, as checked above.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Ok(Self(tenths as u32))
    }
}

/// The form continuing education took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CreditForm {
    /// 线上学习
    Online,
    /// 面授培训
    InPerson,
    /// 专业研讨会
    Seminar,
    /// 学术会议
    Conference,
    /// 课题研究
    Research,
    /// 出版专著
    Monograph,
    /// 发表论文
    Paper,
    /// 学历深造
    Degree,
    /// 用人单位内部培训(备案)
    InHouse,
}

impl CreditForm {
    /// Every form.
    pub const ALL: [Self; 9] = [
        Self::Online,
        Self::InPerson,
        Self::Seminar,
        Self::Conference,
        Self::Research,
        Self::Monograph,
        Self::Paper,
        Self::Degree,
        Self::InHouse,
    ];
}

/// Whether hours are of values and ethics, of which rules ask a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CreditCategory {
    /// 专业价值观和伦理
    Ethics,
    /// 其他专业内容
    Professional,
}

/// How far a credit record has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CreditState {
    /// Claimed by the holder, not yet looked at. Doesn't count.
    Pending,
    /// Recorded by a provider, or recognised. Counts.
    Recognised,
    /// Refused. Doesn't count.
    Refused,
    /// Struck out. Doesn't count.
    Voided,
}

/// Hours of one activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRecord {
    /// Its id.
    pub id: CreditId,
    /// Whose hours.
    pub holder: HolderId,
    /// First day of the cycle they're recorded in.
    pub cycle_start: CalendarDate,
    /// What it was.
    pub title: String,
    /// Its form.
    pub form: CreditForm,
    /// Ethics or not.
    pub category: CreditCategory,
    /// The day it was done (the last, where it took several).
    pub completed_on: CalendarDate,
    /// Hours.
    pub hours: Hours,
    /// How far it has come.
    pub state: CreditState,
}

/// A registration cycle (登记周期), first and last day included. Hours count in one cycle only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cycle {
    /// First day.
    pub start: CalendarDate,
    /// Last day.
    pub end: CalendarDate,
    /// True for the cycle a first registration opened.
    pub first: bool,
    /// The certificate's level, which decides how many hours are asked for.
    pub level: CertificateLevel,
    /// The rules it started under and keeps.
    pub rules: RuleSetId,
}

/// What a cycle still lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HoursShortfall {
    /// Hours the rules ask for.
    pub required: Hours,
    /// Hours that count.
    pub counted: Hours,
    /// Hours still missing.
    pub missing: Hours,
    /// Hours of values and ethics still missing.
    pub ethics_missing: Hours,
}

impl HoursShortfall {
    /// True where nothing is missing.
    pub fn is_met(&self) -> bool {
        self.missing.is_zero() && self.ethics_missing.is_zero()
    }
}

/// What `cycle` still lacks, given the records in it and the rules it runs under.
///
/// A record counts when it's recognised, was done within the cycle (or, in the first one and where the rules allow
/// it, before), and as far as the cap of its form reaches. Adding a record never raises what is missing.
pub fn hours_shortfall(cycle: &Cycle, credits: &[CreditRecord], rules: &RuleSet) -> HoursShortfall {
    let required = rules.hours_required(cycle.level).map_or(Hours::ZERO, |hours| **hours);
    let early_counts = cycle.first && *rules.hours.before_first_registration;
    let counts = |credit: &&CreditRecord| {
        credit.state == CreditState::Recognised
            && credit.cycle_start == cycle.start
            && credit.completed_on <= cycle.end
            && (credit.completed_on >= cycle.start || early_counts)
    };
    let mut by_form: BTreeMap<CreditForm, (Hours, Hours)> = BTreeMap::new();
    for credit in credits.iter().filter(counts) {
        let (all, ethics) = by_form.entry(credit.form).or_default();
        *all = all.plus(credit.hours);
        if credit.category == CreditCategory::Ethics {
            *ethics = ethics.plus(credit.hours);
        }
    }
    let mut counted = Hours::ZERO;
    let mut ethics_counted = Hours::ZERO;
    for (form, (all, ethics)) in by_form {
        // Under a cap, hours of ethics are counted first: that is the holder's side.
        let cap = rules.hours.caps.get(&form).map_or(all, |cap| all.min(**cap));
        counted = counted.plus(cap);
        ethics_counted = ethics_counted.plus(ethics.min(cap));
    }
    HoursShortfall {
        required,
        counted,
        missing: required.minus(counted),
        ethics_missing: required.percent(*rules.hours.ethics_percent).minus(ethics_counted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{date::date, rules::RuleLibrary};
    use proptest::prelude::*;

    const HUBEI: &str = include_str!("../rules/hubei.toml");

    fn cycle(first: bool) -> Cycle {
        Cycle {
            start: date(2026, 3, 1),
            end: date(2029, 3, 1),
            first,
            level: CertificateLevel::AssistantSocialWorker,
            rules: RuleSetId { id: "hubei".into(), version: "2026-01".into() },
        }
    }

    fn credit(form: CreditForm, category: CreditCategory, on: CalendarDate, tenths: u32) -> CreditRecord {
        CreditRecord {
            id: CreditId::mint(7),
            holder: HolderId::mint(7),
            cycle_start: date(2026, 3, 1),
            title: "社会工作伦理".into(),
            form,
            category,
            completed_on: on,
            hours: Hours::from_tenths(tenths),
            state: CreditState::Recognised,
        }
    }

    fn rules(edit: impl Fn(&str) -> String) -> RuleSet {
        let national = include_str!("../rules/national.toml");
        let text = edit(HUBEI);
        RuleLibrary::parse(&[&text, national]).unwrap().for_district(Some(&"420106".parse().unwrap())).clone()
    }

    #[test]
    fn ninety_hours_meet_the_hubei_rule_and_one_tenth_less_does_not() {
        let rules = rules(str::to_owned);
        let done =
            |tenths| [credit(CreditForm::Online, CreditCategory::Professional, date(2027, 1, 1), tenths)];
        assert!(hours_shortfall(&cycle(true), &done(900), &rules).is_met());
        let short = hours_shortfall(&cycle(true), &done(899), &rules);
        assert_eq!((short.missing.to_string().as_str(), short.is_met()), ("0.1", false));
    }

    #[test]
    fn only_recognised_hours_of_this_cycle_count() {
        let rules = rules(str::to_owned);
        let full = credit(CreditForm::Online, CreditCategory::Professional, date(2027, 1, 1), 900);
        for state in [CreditState::Pending, CreditState::Refused, CreditState::Voided] {
            assert!(
                !hours_shortfall(&cycle(true), &[CreditRecord { state, ..full.clone() }], &rules).is_met()
            );
        }
        let elsewhere = CreditRecord { cycle_start: date(2023, 3, 1), ..full.clone() };
        assert!(!hours_shortfall(&cycle(true), &[elsewhere], &rules).is_met());
        let after = CreditRecord { completed_on: date(2029, 3, 2), ..full.clone() };
        assert!(!hours_shortfall(&cycle(true), &[after], &rules).is_met());
        let on_the_last_day = CreditRecord { completed_on: date(2029, 3, 1), ..full.clone() };
        assert!(hours_shortfall(&cycle(true), &[on_the_last_day], &rules).is_met());
        let before = CreditRecord { completed_on: date(2026, 2, 28), ..full };
        assert!(hours_shortfall(&cycle(true), std::slice::from_ref(&before), &rules).is_met());
        assert!(!hours_shortfall(&cycle(false), &[before], &rules).is_met());
    }

    #[test]
    fn a_cap_and_the_ethics_share_are_both_asked_for() {
        let rules = rules(|text| {
            text.replace("ethics_percent = { value = 0,", "ethics_percent = { value = 20,").replace(
                "[review]",
                "[hours.caps]\nseminar = { value = 30, source = \"service\" }\n\n[review]",
            )
        });
        let day = date(2027, 1, 1);
        let credits = [
            credit(CreditForm::Seminar, CreditCategory::Professional, day, 500),
            credit(CreditForm::Online, CreditCategory::Ethics, day, 100),
        ];
        let short = hours_shortfall(&cycle(true), &credits, &rules);
        assert_eq!(short.counted, Hours::from_tenths(400));
        assert_eq!(short.missing, Hours::from_tenths(500));
        assert_eq!(short.ethics_missing, Hours::from_tenths(80));
    }

    proptest! {
        #[test]
        fn another_record_never_raises_what_is_missing(records in prop::collection::vec((0..9_usize, any::<bool>(), 0..2000_i64, 1..400_u32), 0..20)) {
            let rules = rules(|text| text.replace("ethics_percent = { value = 0,", "ethics_percent = { value = 20,"));
            let credits: Vec<_> = records.iter().map(|&(form, ethics, day, tenths)| {
                let category = if ethics { CreditCategory::Ethics } else { CreditCategory::Professional };
                credit(CreditForm::ALL[form], category, date(2025, 6, 1).plus_days(day), tenths)
            }).collect();
            let mut last = hours_shortfall(&cycle(true), &[], &rules);
            for count in 1..=credits.len() {
                let next = hours_shortfall(&cycle(true), &credits[..count], &rules);
                prop_assert!(next.missing <= last.missing && next.ethics_missing <= last.ethics_missing);
                last = next;
            }
        }
    }
}
