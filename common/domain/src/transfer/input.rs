//! What people enter for a transfer, and how it becomes checked [`TransferDetails`].

use super::{BroughtHours, MOST_LINES, TransferDetails};
use crate::{
    application::ApplicationKind,
    credit::{CreditCategory, CreditForm, Hours, Particulars},
    date::CalendarDate,
    error::FieldError,
    form::{Entry, ShortText, entry},
};
use serde::{Deserialize, Serialize};
use std::{fmt::Display, str::FromStr};

/// The most hours that one line can claim; more is a slip of the keyboard.
const MOST_HOURS: Hours = Hours::from_tenths(10_000);
/// The most tenths of an hour there are in a day.
const DAY_TENTHS: u32 = 240;

/// Changes to what a transfer asks beyond the form, as a JSON merge patch (RFC 7396): a field left out stays, `null`
/// clears it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TransferInput {
    /// 迁往省份, or for a transfer in 原登记省份: two digits
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "11"))]
    pub province: Entry<String>,
    /// 原登记号, as the other province writes it; for a transfer in
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub registration_number: Entry<String>,
    /// 原登记周期起始日; for a transfer in
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub cycle_start: Entry<String>,
    /// 原登记有效期截止日; for a transfer in
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub valid_until: Entry<String>,
    /// 原登记地学时, all of them: a new list takes the place of the one before; for a transfer in, at most 30 lines
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<BroughtInput>>))]
    pub hours: Entry<Vec<BroughtInput>>,
}

/// Hours of one activity as entered.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BroughtInput {
    /// Its form.
    pub form: CreditForm,
    /// Ethics or not.
    pub category: CreditCategory,
    /// What it was called.
    #[cfg_attr(feature = "openapi", schema(example = "个案工作实务"))]
    pub title: String,
    /// Who held it.
    #[serde(default)]
    pub provider: Option<String>,
    /// The first day it was done.
    #[cfg_attr(feature = "openapi", schema(format = Date))]
    pub done_from: String,
    /// The last day; the first where it took one day.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(format = Date))]
    pub done_to: Option<String>,
    /// Hours, to a tenth.
    #[cfg_attr(feature = "openapi", schema(example = 7.5))]
    pub hours: f64,
    /// 学时 or 小时, as the other province counts; the unit of the rules here where none is named.
    #[serde(default)]
    pub unit: Option<String>,
    /// What its form asks for here, as far as it's known.
    #[serde(default)]
    pub particulars: Particulars,
}

/// Collects what is wrong, field by field.
struct Checker(Vec<FieldError>);

impl Checker {
    fn refuse(&mut self, field: &str, code: &str, detail: impl Display) {
        let field = format!("transfer.{field}");
        self.0.push(FieldError { field, code: code.to_owned(), detail: detail.to_string() });
    }

    fn take<T>(&mut self, field: &str, entry: Entry<String>, target: &mut Option<T>)
    where
        T: FromStr,
        T::Err: Display,
    {
        match entry {
            None => {}
            Some(None) => *target = None,
            Some(Some(text)) if text.trim().is_empty() => *target = None,
            Some(Some(text)) => {
                if let Some(value) = self.parse(field, &text) {
                    *target = Some(value);
                }
            }
        }
    }

    fn parse<T>(&mut self, field: &str, text: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        text.parse().map_err(|error| self.refuse(field, "invalid", error)).ok()
    }

    /// One line of hours; none where something in it can't be taken.
    fn line(&mut self, index: usize, input: BroughtInput) -> Option<BroughtHours> {
        let field = |name: &str| format!("hours[{index}].{name}");
        let title: Option<ShortText> = self.parse(&field("title"), &input.title);
        let provider = input.provider.filter(|text| !text.trim().is_empty());
        let provider = match provider {
            None => Some(None),
            Some(text) => self.parse(&field("provider"), &text).map(Some),
        };
        let done_from: Option<CalendarDate> = self.parse(&field("done_from"), &input.done_from);
        let done_to = match &input.done_to {
            None => done_from,
            Some(text) => self.parse(&field("done_to"), text),
        };
        if done_from.zip(done_to).is_some_and(|(from, to)| from > to) {
            self.refuse(&field("done_from"), "dates_out_of_order", "开始日期不能晚于完成日期");
        }
        let hours = serde_json::from_value::<Hours>(input.hours.into());
        let hours = hours.map_err(|_| {
            self.refuse(&field("hours"), "invalid", "学时应为不小于 0 的数，最多一位小数");
        });
        let hours = hours.ok();
        let days = done_from.zip(done_to).map_or(0, |(from, to)| from.days_until(to) + 1);
        let room = u32::try_from(days).unwrap_or(0).saturating_mul(DAY_TENTHS);
        if let Some(hours) = hours {
            if hours.is_zero() || hours > MOST_HOURS {
                let detail = format!("学时应大于 0 且不超过 {MOST_HOURS}，请核对");
                self.refuse(&field("hours"), "hours_absurd", detail);
            } else if input.form.is_attended() && days > 0 && hours.tenths() > room {
                let detail = format!("{days} 天内不可能完成 {hours} 学时，请核对");
                self.refuse(&field("hours"), "hours_absurd", detail);
            }
        }
        let unit = input.unit.filter(|unit| !unit.trim().is_empty());
        if unit.as_deref().is_some_and(|unit| !matches!(unit, "学时" | "小时")) {
            self.refuse(&field("unit"), "unknown_choice", "单位应为「学时」或「小时」");
        }
        Some(BroughtHours {
            form: input.form,
            category: input.category,
            title: title?,
            provider: provider?,
            done_from: done_from?,
            done_to: done_to?,
            hours: hours?,
            unit,
            particulars: input.particulars,
        })
    }

    fn lines(&mut self, inputs: Vec<BroughtInput>) -> Vec<BroughtHours> {
        if inputs.len() > MOST_LINES {
            let detail = format!(
                "最多填写 {MOST_LINES} 条学时记录，现有 {} 条，请合并同一活动的记录，或只填写需要认定的记录",
                inputs.len()
            );
            self.refuse("hours", "too_many", detail);
            return Vec::new();
        }
        let mut lines: Vec<BroughtHours> = Vec::with_capacity(inputs.len());
        for (index, input) in inputs.into_iter().enumerate() {
            let Some(line) = self.line(index, input) else { continue };
            let same = |held: &BroughtHours| {
                (held.form, &held.title, held.done_from, held.done_to)
                    == (line.form, &line.title, line.done_from, line.done_to)
            };
            if lines.iter().any(same) {
                let detail = "与另一条记录的形式、名称和日期相同，请勿重复填写";
                self.refuse(&format!("hours[{index}].title"), "duplicate", detail);
            }
            lines.push(line);
        }
        lines
    }
}

impl TransferDetails {
    /// These details with `input` entered into them for an application of `kind`, or everything that is wrong with it.
    pub fn merge(&self, input: TransferInput, kind: ApplicationKind) -> Result<Self, Vec<FieldError>> {
        let mut details = self.clone();
        let mut check = Checker(Vec::new());
        check.take("province", input.province, &mut details.province);
        if kind == ApplicationKind::TransferIn {
            check.take("registration_number", input.registration_number, &mut details.registration_number);
            check.take("cycle_start", input.cycle_start, &mut details.cycle_start);
            check.take("valid_until", input.valid_until, &mut details.valid_until);
            match input.hours {
                None => {}
                Some(None) => details.hours = Vec::new(),
                Some(Some(lines)) => details.hours = check.lines(lines),
            }
        } else {
            for (field, given) in [
                ("registration_number", input.registration_number.flatten().is_some()),
                ("cycle_start", input.cycle_start.flatten().is_some()),
                ("valid_until", input.valid_until.flatten().is_some()),
                ("hours", input.hours.flatten().is_some()),
            ] {
                if given {
                    check.refuse(field, "not_applicable", "只有转入申请填写此项，转出申请由系统带出");
                }
            }
        }
        if check.0.is_empty() { Ok(details) } else { Err(check.0) }
    }
}
