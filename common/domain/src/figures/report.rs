//! What the sums say: rows with their breakdowns, rates, and how long reviews took; small cells hidden.

use super::{
    cell::{self, Cell, Dimension, Measure, Slice},
    suppress::{Shown, suppress},
};
use crate::{credit, education::Month};
use serde::Serialize;
use std::collections::BTreeMap;

/// The numbers of one area and period.
type Cells = BTreeMap<Cell, i64>;

/// A band of age (年龄段), by the year a person's birthday is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgeBand {
    /// Its key.
    pub key: &'static str,
    /// The name people see.
    pub label: &'static str,
    from: i32,
    to: i32,
}

impl AgeBand {
    /// Every band, youngest first.
    pub const ALL: [Self; 6] = [
        Self { key: "under_25", label: "24 岁及以下", from: i32::MIN, to: 24 },
        Self { key: "25_34", label: "25–34 岁", from: 25, to: 34 },
        Self { key: "35_44", label: "35–44 岁", from: 35, to: 44 },
        Self { key: "45_54", label: "45–54 岁", from: 45, to: 54 },
        Self { key: "55_64", label: "55–64 岁", from: 55, to: 64 },
        Self { key: "65_and_over", label: "65 岁及以上", from: 65, to: i32::MAX },
    ];

    fn has(self, age: i32) -> bool {
        (self.from..=self.to).contains(&age)
    }
}

/// One category of a breakdown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FigureCategory {
    /// Its key; `unknown` of whoever doesn't say.
    pub key: String,
    /// The name people see.
    pub label: &'static str,
    /// How many; null where it's hidden, since it's 1 to 4 or would tell of such a number.
    pub count: Shown,
}

/// A row by one dimension: its categories add up to the row's total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FigureBreakdown {
    /// `level`, `age`, `education`, `employment_status`, `practice_field`, `kind`
    pub dimension: &'static str,
    /// The name people see.
    pub label: &'static str,
    /// Its categories, in a table's order.
    pub categories: Vec<FigureCategory>,
}

/// One measure with its breakdowns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FigureRow {
    /// `registered`, `new`, `renewed`, `lapsed`, `cancelled`, `revoked`, `transferred_out`, `due`
    pub measure: &'static str,
    /// The name people see.
    pub label: &'static str,
    /// How many; null where it's 1 to 4.
    pub total: Shown,
    /// The same by level, age, education, employment and field.
    pub breakdowns: Vec<FigureBreakdown>,
}

/// Hours of continuing education.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FormHours {
    /// The form's key; `total` of all forms.
    pub form: String,
    /// The name people see.
    pub label: &'static str,
    /// How many records; null where it's hidden.
    pub records: Shown,
    /// Recognised hours; null where the number of records is hidden.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub hours: Option<credit::Hours>,
}

/// How long reviews took, from the first submission to the decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewTimes {
    /// Applications decided; null where it's 1 to 4, and then there is nothing else either.
    pub decided: Shown,
    /// The same by what was applied for.
    pub by_kind: FigureBreakdown,
    /// Days within which half of them were decided.
    pub median_days: Option<u16>,
    /// Days within which nine of ten were.
    pub p90_days: Option<u16>,
    /// Those decided after the limit of their rules; null where that number, or that of the others, is hidden.
    pub overdue: Shown,
    /// Their share, 0 to 1, to four digits.
    pub overdue_share: Option<f64>,
}

/// One month.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MonthlyFigures {
    /// The month, `2026-03`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub month: Month,
    /// New, renewed and ended registrations, and those whose cycle ends in this month.
    pub rows: Vec<FigureRow>,
    /// How many of those whose cycle ends in this month were renewed so far; null where that number, or that of the
    /// others, is hidden.
    pub due_renewed: Shown,
    /// Their share (再登记率), 0 to 1, to four digits.
    pub renewal_rate: Option<f64>,
    /// Hours of continuing education done in it, of all forms and of each.
    pub hours: Vec<FormHours>,
    /// Applications decided in it.
    pub reviews: ReviewTimes,
}

/// The measures that have all breakdowns, by month, with their keys.
const FLOWS: [(Measure, &str); 7] = [
    (Measure::New, "new"),
    (Measure::Renewed, "renewed"),
    (Measure::Lapsed, "lapsed"),
    (Measure::Cancelled, "cancelled"),
    (Measure::Revoked, "revoked"),
    (Measure::TransferredOut, "transferred_out"),
    (Measure::Due, "due"),
];

/// Who is registered, of the `cells` of [`super::Period::Now`], with their ages in `year`.
pub fn stock(cells: &Cells, year: i32) -> FigureRow {
    row(cells, Measure::Registered, "registered", year)
}

/// What happened in `month`, of its `cells`.
pub fn monthly(month: Month, cells: &Cells) -> MonthlyFigures {
    let year = month.first().year();
    let due = count(cells, Measure::Due, Slice::TOTAL);
    let renewed = count(cells, Measure::DueRenewed, Slice::TOTAL);
    let (due_renewed, renewal_rate) = share(renewed, due);
    MonthlyFigures {
        month,
        rows: FLOWS.iter().map(|(measure, key)| row(cells, *measure, key, year)).collect(),
        due_renewed,
        renewal_rate,
        hours: hours(cells),
        reviews: reviews(cells),
    }
}

fn count(cells: &Cells, measure: Measure, slice: Slice) -> i64 {
    cells.get(&Cell { measure, slice }).copied().unwrap_or_default()
}

fn row(cells: &Cells, measure: Measure, key: &'static str, year: i32) -> FigureRow {
    let total = count(cells, measure, Slice::TOTAL);
    let by = |dimension, key| breakdown(cells, measure, dimension, key);
    FigureRow {
        measure: key,
        label: measure.label(),
        total: suppress(total, &[]).0,
        breakdowns: vec![
            by(Dimension::Level, "level"),
            ages(cells, measure, year),
            by(Dimension::Education, "education"),
            by(Dimension::Employment, "employment_status"),
            by(Dimension::Field, "practice_field"),
        ],
    }
}

fn breakdown(cells: &Cells, measure: Measure, dimension: Dimension, key: &'static str) -> FigureBreakdown {
    let categories = cell::categories(dimension).into_iter().map(|(category, label)| {
        let count = count(cells, measure, Slice::of(dimension, category.as_str()));
        (category, label, count)
    });
    let total = count(cells, measure, Slice::TOTAL);
    FigureBreakdown {
        dimension: key,
        label: dimension.label(),
        categories: shown(total, categories.collect()),
    }
}

/// The categories beside their `total`, small ones hidden.
fn shown(total: i64, categories: Vec<(String, &'static str, i64)>) -> Vec<FigureCategory> {
    let counts: Vec<_> = categories.iter().map(|(.., count)| *count).collect();
    let (_, counts) = suppress(total, &counts);
    let categories = categories.into_iter().zip(counts);
    categories.map(|((key, label, _), count)| FigureCategory { key, label, count }).collect()
}

/// `measure` by age: the years of birth made bands, as they are in `year`.
fn ages(cells: &Cells, measure: Measure, year: i32) -> FigureBreakdown {
    let mut bands = [0; AgeBand::ALL.len()];
    let mut unknown = 0;
    for (cell, count) in cells.iter().filter(|(cell, _)| cell.measure == measure) {
        let Some((Dimension::Born, born)) = cell.slice.category() else { continue };
        let age = born.parse::<i32>().ok().map(|born| year - born);
        match age.and_then(|age| AgeBand::ALL.iter().position(|band| band.has(age))) {
            Some(band) => bands[band] += count,
            None => unknown += count,
        }
    }
    let bands = AgeBand::ALL.iter().zip(bands).map(|(band, count)| (band.key.to_owned(), band.label, count));
    let categories = bands.chain([(cell::UNKNOWN.to_owned(), "未填写", unknown)]).collect();
    let total = count(cells, measure, Slice::TOTAL);
    FigureBreakdown { dimension: "age", label: "年龄段", categories: shown(total, categories) }
}

/// `part` of `total` and its share: neither where it, or what is left, is small.
fn share(part: i64, total: i64) -> (Shown, Option<f64>) {
    let (_, shown) = suppress(total, &[part, total - part]);
    let part = shown[0];
    (part, part.filter(|_| total > 0).map(|part| ratio(part, total)))
}

/// `part` of `total`, to four digits.
#[allow(clippy::cast_precision_loss)] // people, not atoms
fn ratio(part: i64, total: i64) -> f64 {
    (part as f64 / total as f64 * 10_000.0).round() / 10_000.0
}

fn hours(cells: &Cells) -> Vec<FormHours> {
    let of = |slice: Slice| {
        let tenths = count(cells, Measure::HoursTenths, slice.clone());
        let hours = credit::Hours::from_tenths(u32::try_from(tenths.max(0)).unwrap_or(u32::MAX));
        (count(cells, Measure::HoursRecords, slice), hours)
    };
    let (records, all) = of(Slice::TOTAL);
    let forms = cell::categories(Dimension::Form);
    let of_forms: Vec<_> =
        forms.iter().map(|(form, _)| of(Slice::of(Dimension::Form, form.as_str()))).collect();
    let counts: Vec<_> = of_forms.iter().map(|(records, _)| *records).collect();
    let (total, counts) = suppress(records, &counts);
    let line = |form: String, label, records: Shown, hours: credit::Hours| FormHours {
        form,
        label,
        records,
        hours: records.map(|_| hours),
    };
    let of_forms = forms.into_iter().zip(counts).zip(of_forms);
    std::iter::once(line("total".to_owned(), "合计", total, all))
        .chain(of_forms.map(|(((form, label), shown), (_, hours))| line(form, label, shown, hours)))
        .collect()
}

fn reviews(cells: &Cells) -> ReviewTimes {
    let total = count(cells, Measure::Decided, Slice::TOTAL);
    let decided = suppress(total, &[]).0;
    let (overdue, overdue_share) = share(count(cells, Measure::Overdue, Slice::TOTAL), total);
    // Sorted, since days are written with leading zeros.
    let days: Vec<_> = cells
        .iter()
        .filter(|(cell, _)| cell.measure == Measure::Decided)
        .filter_map(|(cell, count)| match cell.slice.category() {
            Some((Dimension::Days, days)) => Some((days.parse().ok()?, *count)),
            _ => None,
        })
        .collect();
    let within = |percent| decided.and_then(|total| quantile(&days, total, percent));
    ReviewTimes {
        decided,
        by_kind: breakdown(cells, Measure::Decided, Dimension::Kind, "kind"),
        median_days: within(50),
        p90_days: within(90),
        overdue,
        overdue_share,
    }
}

/// The fewest days within which `percent` of `total` lie (nearest rank), of a histogram in ascending order.
fn quantile(days: &[(u16, i64)], total: i64, percent: i64) -> Option<u16> {
    let rank = (total * percent + 99) / 100;
    let mut sum = 0;
    days.iter().find_map(|(days, count)| {
        sum += count;
        (sum >= rank && rank > 0).then_some(*days)
    })
}
