//! A registration's cycle as its reviewers have it: every record and what of it counts, as in the holder's transcript. What
//! counts already is found here, by whoever has to look at it again.

use super::opened::CreditHolder;
use axum::{
    Json,
    extract::{Path, State},
};
use common::{
    http::{App, Problem, Query, Received, Staff},
    view::CreditView,
};
use domain::{
    credit::{CreditRefusal, Cycle, Hours, HoursShortfall, Likeness, Uncounted},
    date::CalendarDate,
    dossier::{Dossier, WORKING_YEARS},
    education::{CycleLook, look_at_cycle},
    error::Refusal,
    id::ApplicationId,
    registration::{Registration, RegistrationNumber},
};
use serde::{Deserialize, Serialize};

/// Which cycle.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct ReviewedCycleInput {
    /// First day of the cycle; the present one where it's left out.
    cycle: Option<CalendarDate>,
}

/// A cycle of the registration.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct ReviewedCycleRef {
    /// First day; `cycle` of what it has.
    start: CalendarDate,
    /// Last day.
    end: CalendarDate,
    /// The renewal that used its hours, where one did: they're locked.
    renewal: Option<ApplicationId>,
}

/// A record, and what of it counts.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct ReviewedLine {
    /// The record.
    credit: CreditView,
    /// Hours that count.
    counted: Hours,
    /// Hours that don't, each with its reason.
    uncounted: Vec<Uncounted>,
    /// The holder's records that it looks like. Nothing is taken off for it.
    likenesses: Vec<Likeness>,
}

/// A cycle with all that was recorded in it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct ReviewedCycle {
    /// Whose it is.
    holder: CreditHolder,
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
    /// Every record but claims that were never submitted, by the day it was done.
    items: Vec<ReviewedLine>,
    /// Every cycle of the registration, the newest first.
    cycles: Vec<ReviewedCycleRef>,
}

/// 按登记号查看学时记录
///
/// 列出该登记周期内的每条记录及计入情况，包括已计入的；只限本人辖区的登记。不带 cycle 为当前周期。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/review/registrations/{number}/credits", tag = "review",
    params(("number" = RegistrationNumber, Path), ReviewedCycleInput), responses((status = 200, body = ReviewedCycle))))]
pub(crate) async fn read(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    received: Received,
    Path(number): Path<String>,
    Query(input): Query<ReviewedCycleInput>,
) -> Result<Json<ReviewedCycle>, Problem> {
    let unknown = || Refusal::from(CreditRefusal::UnknownRegistration);
    let number: RegistrationNumber = number.parse().map_err(|_| unknown())?;
    let holder = app.store.registration_holder(&number).await?.ok_or_else(unknown)?;
    // What the cycle before has counted isn't counted again.
    let before = |start: CalendarDate| start.plus_years(-WORKING_YEARS);
    let working = Dossier::since(received.at.day());
    let since = before(input.cycle.unwrap_or(working).min(working));
    let mut dossier = app.store.dossier_since(&holder, since, received.at).await?;
    // The last cycle of a registration that ended long ago.
    let last = dossier.registration(&number).map(|registration| before(registration.cycle.start));
    if let (None, Some(earlier)) = (input.cycle, last.filter(|last| *last < since)) {
        dossier = app.store.dossier_since(&holder, earlier, received.at).await?;
    }
    let CycleLook { registration, renewal, rules, assessment } =
        look_at_cycle(&dossier, &number, input.cycle, &reviewer, &app.rules)?;
    let items = assessment.lines.into_iter().filter_map(|line| {
        Some(ReviewedLine {
            credit: CreditView::of(dossier.credit(&line.credit)?, rules),
            counted: line.counted,
            uncounted: line.uncounted,
            likenesses: line.likenesses,
        })
    });
    Ok(Json(ReviewedCycle {
        items: items.collect(),
        holder: CreditHolder::of(registration, &dossier, &app.rules, received.at.day()),
        renewed_by: renewal.cloned(),
        unit: assessment.unit,
        hours: assessment.shortfall,
        with_pending: assessment.with_pending,
        cycle: assessment.cycle,
        cycles: cycles(registration),
    }))
}

fn cycles(registration: &Registration) -> Vec<ReviewedCycleRef> {
    let present = (&registration.cycle, None);
    let closed = registration.closed.iter().rev().map(|closed| (&closed.cycle, Some(&closed.renewal)));
    [present]
        .into_iter()
        .chain(closed)
        .map(|(cycle, renewal)| ReviewedCycleRef {
            start: cycle.start,
            end: cycle.end,
            renewal: renewal.cloned(),
        })
        .collect()
}
