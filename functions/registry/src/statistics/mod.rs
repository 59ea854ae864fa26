//! Figures for policy, as officials read them: JSON for a page, CSV for a spreadsheet.

mod csv;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use common::{
    auth::principal::Principal,
    http::{App, Problem, Query, Received, is_staff},
};
use domain::{
    date::Instant,
    district::{Area, InvalidDistrict},
    education::Month,
    error::Refusal,
    figures::{COUNTRY, FigureRow, MOST_MONTHS, MonthlyFigures, SMALL, monthly, stock},
};
use serde::{Deserialize, Serialize};

/// Months where the caller names none: a year up to the present month.
const USUAL_MONTHS: i32 = 12;

/// Which figures.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct StatisticsInput {
    /// The area: 2, 4 or 6 digits; the caller's own where it's left out, which may be the whole country.
    area: Option<String>,
    /// The first month, `2026-03`; eleven months before `to` where it's left out.
    from: Option<String>,
    /// The last month; the present one where it's left out. 36 months at the most.
    to: Option<String>,
    /// `json` or `csv`; `Accept: text/csv` asks for CSV too.
    format: Option<String>,
}

/// The figures of an area.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Statistics {
    /// The area, 2, 4 or 6 digits; `CN` for the whole country.
    area: String,
    /// The first month.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    from: Month,
    /// The last month.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    to: Month,
    /// When the last change was counted that is among these figures; null where nothing ever was.
    as_of: Option<Instant>,
    /// True while all is counted anew: until that's done these figures stand still.
    rebuilding: bool,
    /// Numbers from 1 to below this are null, and so is what they could be worked out from.
    shown_from: i64,
    /// Who is registered, as it stands now.
    registered: FigureRow,
    /// Each month of the range, oldest first.
    months: Vec<MonthlyFigures>,
}

/// 统计数据
///
/// 有效登记人数（当前）及各月新增、再登记、失效、注销、撤销、转出，再登记率，继续教育学时，审核时长；按级别、年龄段、学历、从业状态、从事领域细分。
/// 1 至 4 的数值及可借以推算的数值不予显示（null；CSV 中为 `*` 或 `<5`）。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/statistics", tag = "registry",
    params(StatisticsInput), responses((status = 200, content(
        (Statistics = "application/json"), (String = "text/csv"))))))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Principal,
    received: Received,
    headers: HeaderMap,
    Query(input): Query<StatisticsInput>,
) -> Result<Response, Problem> {
    if !is_staff(&caller) {
        return Err(Problem::forbidden());
    }
    let area = area(input.area.as_deref(), &caller)?;
    let months = months(&input, received.at)?;
    let as_csv = as_csv(input.format.as_deref(), &headers)?;
    let (Some(from), Some(to)) = (months.first().copied(), months.last().copied()) else {
        return Err(out_of_order());
    };
    let mut figures = app.store.figures(&area, &months).await?;
    let statistics = Statistics {
        from,
        to,
        as_of: figures.as_of,
        rebuilding: figures.rebuilding,
        shown_from: SMALL,
        registered: stock(&figures.now, received.at.day().year()),
        months: months
            .into_iter()
            .map(|month| monthly(month, &figures.months.remove(&month).unwrap_or_default()))
            .collect(),
        area,
    };
    if !as_csv {
        return Ok(Json(statistics).into_response());
    }
    let name = format!("statistics-{}-{}-{}.csv", statistics.area, from.compact(), to.compact());
    Ok(csv::of(&statistics).reply(&name))
}

/// The area that is asked for, where the caller may see it.
fn area(asked: Option<&str>, caller: &Principal) -> Result<String, Problem> {
    let own = caller.area.as_ref().map(Area::as_str);
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
        return Ok(own.unwrap_or(COUNTRY).to_owned());
    };
    if asked == COUNTRY {
        return if own.is_none() { Ok(COUNTRY.to_owned()) } else { Err(Refusal::OutsideArea.into()) };
    }
    let asked: Area = asked
        .parse()
        .map_err(|error: InvalidDistrict| Problem::invalid("area", "area_malformed", error.to_string()))?;
    if own.is_some_and(|own| !asked.as_str().starts_with(own)) {
        return Err(Refusal::OutsideArea.into());
    }
    Ok(asked.as_str().to_owned())
}

/// Every month of the range that is asked for.
fn months(input: &StatisticsInput, now: Instant) -> Result<Vec<Month>, Problem> {
    let month = |field: &str, text: &Option<String>| {
        let text = text.as_deref().filter(|text| !text.is_empty());
        let month = text.map(str::parse::<Month>).transpose();
        month.map_err(|_| Problem::invalid(field, "month_malformed", "月份格式应为 YYYY-MM，例如 2026-03"))
    };
    let to = month("to", &input.to)?.unwrap_or_else(|| Month::of(now.day()));
    let from = month("from", &input.from)?;
    let from = from.unwrap_or_else(|| Month::of(to.first().plus_months(1 - USUAL_MONTHS)));
    if from > to {
        return Err(out_of_order());
    }
    let mut months = vec![from];
    while let Some(last) = months.last().filter(|last| **last < to) {
        if months.len() == MOST_MONTHS {
            let detail = format!("一次最多查询 {MOST_MONTHS} 个月，请缩短起止月份");
            return Err(Problem::invalid("from", "range_too_long", detail));
        }
        months.push(Month::of(last.first().plus_months(1)));
    }
    Ok(months)
}

fn out_of_order() -> Problem {
    Problem::invalid("from", "range_reversed", "起始月份不能晚于截止月份")
}

/// True where CSV is asked for. What the address says goes before what the client says it can read.
fn as_csv(format: Option<&str>, headers: &HeaderMap) -> Result<bool, Problem> {
    match format.filter(|format| !format.is_empty()) {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(_) => Err(Problem::invalid("format", "format_unknown", "格式应为 json 或 csv")),
        None => {
            let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
            Ok(accept.is_some_and(|accept| accept.trim_start().starts_with("text/csv")))
        }
    }
}
