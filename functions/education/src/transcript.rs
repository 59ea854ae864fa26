//! The transcript of a cycle: every record, what of it counts, why the rest doesn't, and what is still missing. One
//! query, answered as things stand.

use axum::{Json, extract::State};
use common::{
    http::{App, Holder, Problem, Query, Received},
    view::CreditView,
};
use domain::{
    credit::{
        CreditCategory, CreditForm, Cycle, Hours, HoursShortfall, Likeness, RenewalOutlook, Tally, Uncounted,
        assess,
    },
    date::CalendarDate,
    dossier::{Dossier, WORKING_YEARS},
    education::advice,
    id::ApplicationId,
    registration::{Registration, RegistrationNumber},
    rules::{Citation, RuleLibrary},
};
use serde::{Deserialize, Serialize};

/// Which cycle.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct CycleInput {
    /// First day of the cycle; the present one where it's left out.
    cycle: Option<CalendarDate>,
    /// Which registration, where the holder has several.
    registration: Option<RegistrationNumber>,
}

/// A cycle that has a transcript.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct CycleRef {
    /// 登记号
    registration_number: RegistrationNumber,
    /// First day; `cycle` of its transcript.
    start: CalendarDate,
    /// Last day.
    end: CalendarDate,
    /// The renewal that used its hours, where one did: they're locked.
    renewal: Option<ApplicationId>,
}

/// Hours of one form.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct FormTally {
    /// The form.
    form: CreditForm,
    /// The same in Chinese.
    label: &'static str,
    /// Its hours.
    #[serde(flatten)]
    tally: Tally,
}

/// Hours of one category.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct CategoryTally {
    /// The category.
    category: CreditCategory,
    /// The same in Chinese.
    label: &'static str,
    /// Its hours.
    #[serde(flatten)]
    tally: Tally,
}

/// A record, and what of it counts.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct TranscriptLine {
    /// The record.
    credit: CreditView,
    /// Hours that count.
    counted: Hours,
    /// Hours that don't, each with its reason.
    uncounted: Vec<Uncounted>,
    /// Records that it looks like. Nothing is taken off for it.
    likenesses: Vec<Likeness>,
}

/// A transcript.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Transcript {
    /// 登记号
    registration_number: RegistrationNumber,
    /// The cycle.
    cycle: Cycle,
    /// The renewal that used its hours, where one did: they're locked.
    renewed_by: Option<ApplicationId>,
    /// 学时 or 小时
    unit: String,
    /// Asked for, counted, missing.
    hours: HoursShortfall,
    /// What would be missing if every claim that waits were recognised in full.
    with_pending: HoursShortfall,
    /// Hours of values and ethics asked for.
    ethics_required: Hours,
    /// How it stands and what to do next, in Chinese.
    advice: String,
    /// The rule that says how many hours are asked for.
    rule: Citation,
    /// When the renewal can be submitted.
    renewal: RenewalOutlook,
    /// By form.
    by_form: Vec<FormTally>,
    /// By category.
    by_category: Vec<CategoryTally>,
    /// Every record, by the day it was done.
    items: Vec<TranscriptLine>,
    /// Every cycle there is a transcript of, the newest first.
    cycles: Vec<CycleRef>,
}

/// 查看继续教育记录
///
/// 列出登记周期内的每条记录、计入多少、未计入的原因和依据，以及还差多少。不带 cycle 为当前周期。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/me/transcript", tag = "education",
    params(CycleInput), responses((status = 200, body = Transcript))))]
pub(crate) async fn read(
    State(app): State<App>,
    holder: Holder,
    received: Received,
    Query(input): Query<CycleInput>,
) -> Result<Json<Transcript>, Problem> {
    // What an earlier cycle has counted isn't counted again, so the years before belong to it.
    let since = input.cycle.map(|start| start.plus_years(-WORKING_YEARS));
    let since =
        since.unwrap_or_else(|| Dossier::since(received.at.day())).min(Dossier::since(received.at.day()));
    let dossier = app.store.dossier_since(&holder.id, since, received.at).await?;
    transcript(&dossier, &input, &app.rules, received.at.day()).map(Json)
}

fn transcript(
    dossier: &Dossier,
    input: &CycleInput,
    library: &RuleLibrary,
    today: CalendarDate,
) -> Result<Transcript, Problem> {
    let cycles = cycles(dossier);
    if cycles.is_empty() {
        return Err(domain::credit::CreditRefusal::NotRegistered.into());
    }
    if let Some(number) = &input.registration
        && dossier.registration(number).is_none()
    {
        let numbers: Vec<_> = dossier.registrations.iter().map(|held| held.number.to_string()).collect();
        let detail = format!("您没有登记号为 {number} 的登记，您的登记号：{}，请核对", numbers.join("、"));
        return Err(Problem::new(axum::http::StatusCode::NOT_FOUND, "unknown_registration", detail));
    }
    let wanted = cycles.iter().find(|found| {
        input.registration.as_ref().is_none_or(|number| found.registration.number == *number)
            && input.cycle.is_none_or(|start| found.cycle.start == start)
    });
    let Some(Found { registration, cycle, renewal }) = wanted else {
        let starts: Vec<_> = cycles.iter().map(|found| found.cycle.start.to_string()).collect();
        let detail = format!("没有从该日开始的登记周期，可查看的周期开始于：{}", starts.join("、"));
        return Err(Problem::new(axum::http::StatusCode::NOT_FOUND, "unknown_cycle", detail));
    };
    let rules = library.get(&cycle.rules);
    let assessment = assess(cycle, &dossier.credits, rules);
    let items = assessment.lines.iter().filter_map(|line| {
        let record = dossier.credit(&line.credit).filter(|record| record.cycle_start == cycle.start)?;
        Some(TranscriptLine {
            credit: CreditView::of(record, rules),
            counted: line.counted,
            uncounted: line.uncounted.clone(),
            likenesses: line.likenesses.clone(),
        })
    });
    Ok(Transcript {
        registration_number: registration.number.clone(),
        renewed_by: (*renewal).cloned(),
        advice: advice(registration, *renewal, &assessment, rules, today),
        rule: rules.cite_hours(cycle.level),
        by_form: assessment
            .by_form
            .iter()
            .map(|(form, tally)| FormTally { form: *form, label: form.label(), tally: *tally })
            .collect(),
        by_category: assessment
            .by_category
            .iter()
            .map(|(category, tally)| CategoryTally {
                category: *category,
                label: category.label(),
                tally: *tally,
            })
            .collect(),
        items: items.collect(),
        cycles: cycles
            .iter()
            .map(|found| CycleRef {
                registration_number: found.registration.number.clone(),
                start: found.cycle.start,
                end: found.cycle.end,
                renewal: found.renewal.cloned(),
            })
            .collect(),
        unit: assessment.unit,
        hours: assessment.shortfall,
        with_pending: assessment.with_pending,
        ethics_required: assessment.ethics_required,
        renewal: assessment.renewal,
        cycle: assessment.cycle,
    })
}

/// A cycle of a dossier.
struct Found<'a> {
    registration: &'a Registration,
    cycle: &'a Cycle,
    renewal: Option<&'a ApplicationId>,
}

/// Every cycle, the newest first; of registrations in force before those that ended.
fn cycles(dossier: &Dossier) -> Vec<Found<'_>> {
    let mut cycles: Vec<Found<'_>> = dossier
        .registrations
        .iter()
        .flat_map(|registration| {
            let closed = registration.closed.iter().map(move |closed| Found {
                registration,
                cycle: &closed.cycle,
                renewal: Some(&closed.renewal),
            });
            closed.chain([Found { registration, cycle: &registration.cycle, renewal: None }])
        })
        .collect();
    let active = dossier.active_registration().map(|registration| &registration.number);
    cycles.sort_by_key(|found| {
        std::cmp::Reverse((Some(&found.registration.number) == active, found.cycle.start))
    });
    cycles
}
