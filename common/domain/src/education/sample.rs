//! A sample: what was drawn of the records of an area that began to count in a month, how, and how far asking has come.

use super::draw;
use crate::{
    actor::Reviewer,
    credit::CreditRefusal,
    date::{CalendarDate, Instant},
    district::Area,
    error::{FieldError, Refusal},
    id::{CreditId, InvalidId, StaffId},
    rules::{Citation, RuleSet},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// The most records that one sample is drawn from.
pub const MOST_POPULATION: usize = 20_000;
/// The most records that one sample has: as many as one item of the store holds.
pub const MOST_DRAWN: usize = 5_000;
/// Digits of the area that one sample is of.
const AREA_DIGITS: usize = 4;
/// The most characters of a seed.
const MOST_SEED: usize = 64;

/// A calendar month: `2026-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(CalendarDate);

impl Month {
    /// The month that `day` lies in.
    pub fn of(day: CalendarDate) -> Self {
        // The first of a month that has another day is a day.
        Self(CalendarDate::from_compact(&format!("{}01", &day.compact()[..6])).unwrap_or(day))
    }

    /// Its first day.
    pub fn first(self) -> CalendarDate {
        self.0
    }

    /// `202603`
    pub fn compact(self) -> String {
        self.0.compact()[..6].to_owned()
    }
}

impl FromStr for Month {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let first = (text.len() == 7).then(|| format!("{text}-01").parse().ok()).flatten();
        first.map(Self).ok_or(InvalidId)
    }
}

impl TryFrom<String> for Month {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string()[..7])
    }
}

/// A sample: `{area}-{yyyymm}-{16 hexadecimal digits}`. The digits follow from the seed, so that one seed draws once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SampleId(String);

impl SampleId {
    /// The id of what `seed` draws of `month` in `area`.
    fn of(area: &Area, month: Month, seed: &str) -> Self {
        let digest = format!("{:x}", Sha256::digest(seed));
        Self(format!("{area}-{}-{}", month.compact(), &digest[..16]))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The area, four digits.
    pub fn area(&self) -> &str {
        &self.0[..AREA_DIGITS]
    }

    /// The month, `yyyymm`.
    pub fn month(&self) -> &str {
        &self.0[AREA_DIGITS + 1..AREA_DIGITS + 7]
    }
}

impl FromStr for SampleId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut parts = text.split('-');
        let (Some(area), Some(month), Some(digest), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidId);
        };
        let known = area.len() == AREA_DIGITS
            && area.parse::<Area>().is_ok()
            && month.len() == 6
            && CalendarDate::from_compact(&format!("{month}01")).is_some()
            && digest.len() == 16
            && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if known { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
    }
}

impl TryFrom<String> for SampleId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<SampleId> for String {
    fn from(id: SampleId) -> Self {
        id.0
    }
}

impl fmt::Display for SampleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a sample is drawn by.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SampleInput {
    /// The month in which the records began to count, `2026-03`; one that is past, or the present one.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub month: Month,
    /// What the draw follows from: 1 to 64 visible characters. Best something nobody could choose, such as a lottery's
    /// number of that day.
    pub seed: String,
    /// The city, four digits. Needed where the reviewer's area is a province.
    #[serde(default)]
    pub area: Option<Area>,
}

impl SampleInput {
    /// The id of the sample that this draws in `area`.
    pub fn id(&self, area: &Area) -> SampleId {
        SampleId::of(area, self.month, &self.seed)
    }
}

/// A sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Its id.
    pub id: SampleId,
    /// The city, four digits.
    pub area: Area,
    /// The month in which the records began to count.
    pub month: Month,
    /// What it was drawn by.
    pub seed: String,
    /// How many of a hundred were to be drawn.
    pub percent: u8,
    /// The rule that says so.
    pub rule: Citation,
    /// How many records it was drawn from.
    pub population: u32,
    /// SHA-256 (hex) of their ids, sorted, a line each: the draw can be done again and checked.
    pub population_sha256: String,
    /// The records that were drawn, by their ids.
    pub drawn: Vec<CreditId>,
    /// How many of them, from the first on, were asked for evidence or turned out to need no asking.
    pub asked: u32,
    /// Who drew it.
    pub by: StaffId,
    /// When.
    pub at: Instant,
    /// The day on which the reminder job goes on asking; none once it's done.
    pub next_due: Option<CalendarDate>,
    /// Grows by one with each change.
    pub version: u64,
}

impl Sample {
    /// This sample with the first `asked` of those drawn dealt with.
    #[must_use]
    pub fn with_asked(&self, asked: usize) -> Self {
        let asked = u32::try_from(asked.min(self.drawn.len())).unwrap_or(u32::MAX);
        let done = usize::try_from(asked).is_ok_and(|asked| asked >= self.drawn.len());
        let next_due = if done { None } else { self.next_due };
        Self { asked, next_due, version: self.version + 1, ..self.clone() }
    }

    /// Those who haven't been dealt with, and how many have.
    pub fn to_ask(&self) -> (usize, &[CreditId]) {
        let asked = usize::try_from(self.asked).unwrap_or(usize::MAX).min(self.drawn.len());
        (asked, &self.drawn[asked..])
    }
}

/// Checks that `reviewer` may draw what is asked for, and gives the city it's drawn in. Asking many people for papers is
/// for who decides last.
pub fn check_sample(
    input: &SampleInput,
    reviewer: &Reviewer,
    rules: &RuleSet,
    now: Instant,
) -> Result<Area, Refusal> {
    let stage = rules.last_stage();
    if !reviewer.roles.contains(&stage.reviewer()) {
        return Err(CreditRefusal::WrongReviewer { stage: stage.label() }.into());
    }
    let area = sample_area(input.area.as_ref(), reviewer)?;
    let mut wrong = Vec::new();
    let mut check = |holds: bool, field: &str, code: &str, detail: String| {
        if !holds {
            wrong.push(FieldError { field: field.to_owned(), code: code.to_owned(), detail });
        }
    };
    let characters = input.seed.chars().count();
    let visible = !input.seed.chars().any(|character| character.is_control() || character.is_whitespace());
    check((1..=MOST_SEED).contains(&characters) && visible, "seed", "wrong_seed", {
        format!("种子应为 1 至 {MOST_SEED} 个字符，不含空格和换行")
    });
    let to_come = "只能抽查本月及以前计入的记录".to_owned();
    check(input.month <= Month::of(now.day()), "month", "month_to_come", to_come);
    if !wrong.is_empty() {
        return Err(Refusal::InvalidFields(wrong));
    }
    if *rules.hours.audit_percent == 0 {
        let rule = rules.cite("hours.audit_percent", &rules.hours.audit_percent);
        return Err(CreditRefusal::NoSamples { rule }.into());
    }
    Ok(area)
}

/// The city that a reviewer means: the one that is named, or their own.
pub fn sample_area(named: Option<&Area>, reviewer: &Reviewer) -> Result<Area, Refusal> {
    let area = named.unwrap_or(&reviewer.area);
    if area.as_str().len() != AREA_DIGITS {
        let detail = format!("请填写 {AREA_DIGITS} 位行政区划代码，例如 4201（武汉市）");
        let (field, code) = ("area".to_owned(), "area_needed".to_owned());
        return Err(Refusal::InvalidFields(vec![FieldError { field, code, detail }]));
    }
    if reviewer.covers(&area.district()) { Ok(area.clone()) } else { Err(Refusal::OutsideArea) }
}

/// Draws a sample of `population`: the records that [can be drawn](crate::credit::CreditRecord::is_drawable) of the area
/// and month that [`check_sample`] let through.
pub fn draw_sample(
    input: SampleInput,
    area: Area,
    population: impl IntoIterator<Item = CreditId>,
    reviewer: &Reviewer,
    rules: &RuleSet,
    now: Instant,
) -> Result<Sample, Refusal> {
    let population: BTreeSet<CreditId> = population.into_iter().collect();
    let drawn: Vec<_> = draw(population.iter().cloned(), &input.seed, rules).into_iter().collect();
    if drawn.is_empty() {
        return Err(CreditRefusal::NothingToDraw.into());
    }
    let too_many = CreditRefusal::TooManyToDraw { population: MOST_POPULATION, drawn: MOST_DRAWN };
    let Ok(count) = u32::try_from(population.len()) else { return Err(too_many.into()) };
    if population.len() > MOST_POPULATION || drawn.len() > MOST_DRAWN {
        return Err(too_many.into());
    }
    let mut digest = Sha256::new();
    for id in &population {
        digest.update(id.as_str());
        digest.update("\n");
    }
    Ok(Sample {
        id: input.id(&area),
        area,
        month: input.month,
        seed: input.seed,
        percent: *rules.hours.audit_percent,
        rule: rules.cite("hours.audit_percent", &rules.hours.audit_percent),
        population: count,
        population_sha256: format!("{:x}", digest.finalize()),
        drawn,
        asked: 0,
        by: reviewer.id.clone(),
        at: now,
        next_due: Some(now.day()),
        version: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::date;

    #[test]
    fn a_month_is_that_of_its_days() {
        let month: Month = "2028-02".parse().unwrap();
        assert_eq!(month, Month::of(date(2028, 2, 29)));
        assert_eq!((month.to_string(), month.compact()), ("2028-02".to_owned(), "202802".to_owned()));
        assert!(month > Month::of(date(2028, 1, 31)) && month < Month::of(date(2028, 3, 1)));
        for text in ["", "2028-13", "2028-2", "2028-02-01", "202802", "2028/02"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_sample_has_the_id_of_its_seed_city_and_month() {
        let input =
            |seed: &str| SampleInput { month: "2026-06".parse().unwrap(), seed: seed.to_owned(), area: None };
        let area: Area = "4201".parse().unwrap();
        let id: SampleId = input("A7").id(&area).to_string().parse().unwrap();
        assert_eq!((id.area(), id.month()), ("4201", "202606"));
        assert_eq!(id, input("A7").id(&area));
        assert_ne!(id, input("A8").id(&area));
        assert_ne!(id, input("A7").id(&"4205".parse().unwrap()));
        for text in ["", "4201-202606", "4201-202613-0123456789abcdef", "42-202606-0123456789abcdef", "x-y-z"]
        {
            assert!(text.parse::<SampleId>().is_err(), "{text}");
        }
    }
}
