//! Figures as CSV: one number a line, so that a spreadsheet's pivot table makes any table of them.

use super::Statistics;
use common::http::Csv;
use domain::figures::{FigureBreakdown, FigureRow, FormHours, MonthlyFigures, ReviewTimes};
use std::fmt::Display;

/// A number that isn't shown beside others, since it's small or would tell of a small one.
const HIDDEN: &str = "*";
/// A total that isn't shown, since it's 1 to 4.
const SMALL: &str = "<5";

/// The columns.
const HEAD: [&str; 6] = ["地区", "月份", "指标", "维度", "类别", "数值"];

/// `statistics` as CSV.
pub(super) fn of(statistics: &Statistics) -> Csv {
    let mut table = Table { csv: Csv::new(&HEAD), area: &statistics.area, month: "当前".to_owned() };
    table.row(&statistics.registered);
    for month in &statistics.months {
        table.month(month);
    }
    table.csv
}

/// The lines so far, and what the next ones are about.
struct Table<'a> {
    csv: Csv,
    area: &'a str,
    month: String,
}

impl Table<'_> {
    fn number(&mut self, measure: &str, dimension: &str, category: &str, number: &str) {
        self.csv.row(&[self.area, &self.month, measure, dimension, category, number]);
    }

    fn month(&mut self, month: &MonthlyFigures) {
        self.month = month.month.to_string();
        for row in &month.rows {
            self.row(row);
        }
        self.number("到期后已再登记", "合计", "", &or(month.due_renewed, HIDDEN));
        self.number("再登记率", "合计", "", &or(month.renewal_rate, ""));
        for hours in &month.hours {
            self.hours(hours);
        }
        self.reviews(&month.reviews);
    }

    fn row(&mut self, row: &FigureRow) {
        self.number(row.label, "合计", "", &or(row.total, SMALL));
        for breakdown in &row.breakdowns {
            self.breakdown(row.label, breakdown);
        }
    }

    fn breakdown(&mut self, measure: &str, breakdown: &FigureBreakdown) {
        for category in &breakdown.categories {
            self.number(measure, breakdown.label, category.label, &or(category.count, HIDDEN));
        }
    }

    fn hours(&mut self, hours: &FormHours) {
        let (dimension, category) =
            if hours.form == "total" { ("合计", "") } else { ("继续教育形式", hours.label) };
        self.number("继续教育记录", dimension, category, &or(hours.records, HIDDEN));
        self.number("继续教育学时", dimension, category, &or(hours.hours, HIDDEN));
    }

    fn reviews(&mut self, reviews: &ReviewTimes) {
        self.number("审结申请", "合计", "", &or(reviews.decided, SMALL));
        self.breakdown("审结申请", &reviews.by_kind);
        self.number("审核天数中位数", "合计", "", &or(reviews.median_days, ""));
        self.number("审核天数第 90 百分位数", "合计", "", &or(reviews.p90_days, ""));
        self.number("逾期审结", "合计", "", &or(reviews.overdue, HIDDEN));
        self.number("逾期审结占比", "合计", "", &or(reviews.overdue_share, ""));
    }
}

/// A number, or what stands in its place.
fn or<T: Display>(number: Option<T>, otherwise: &str) -> String {
    number.map_or_else(|| otherwise.to_owned(), |number| number.to_string())
}
