//! A holder's profile, and what they can and must do next.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use common::{
    http::{App, Holder, Problem, Received, Write, etag, reply_of},
    view::{ProfileView, RegistrationView},
};
use domain::{
    application::{Application, ApplicationKind, save_profile},
    date::CalendarDate,
    dossier::Dossier,
    form::FormInput,
    id::ApplicationId,
    readiness::{Shortcoming, shortcomings},
    registration::RegistrationStatus,
    rules::{Citation, LatePolicy, RuleLibrary},
};
use serde::Serialize;

/// 查看本人资料、登记和申请
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/me", tag = "submission",
    responses((status = 200, body = ProfileView))))]
pub(crate) async fn read(
    State(app): State<App>,
    holder: Holder,
    received: Received,
) -> Result<impl IntoResponse, Problem> {
    let dossier = app.store.dossier(&holder.id, received.at).await?;
    let view = ProfileView::of(&dossier, &app.rules, received.at.day());
    Ok(([(header::ETAG, etag(view.version))], Json(view)))
}

/// 保存本人资料
///
/// 只改所列字段（JSON merge patch）；已登记的关键信息须通过信息变更申请修改。
#[cfg_attr(feature = "openapi", utoipa::path(put, path = "/v1/me", tag = "submission",
    request_body = FormInput, responses((status = 200, body = ProfileView))))]
pub(crate) async fn save(
    State(app): State<App>,
    holder: Holder,
    write: Write<FormInput>,
) -> Result<impl IntoResponse, Problem> {
    let now = write.received.at;
    app.execute(&write, &holder.id, |dossier, _| {
        if write.if_match.is_some_and(|version| version.0 != dossier.profile.version) {
            return Err(Problem::stale());
        }
        let change = save_profile(dossier, write.body.clone(), &app.rules, now)?;
        let mut after = dossier.clone();
        if let Some(profile) = &change.profile {
            after.profile = profile.clone();
        }
        if let Some(registration) = &change.registration {
            after.registrations.retain(|held| held.number != registration.number);
            after.registrations.push(registration.clone());
        }
        let view = ProfileView::of(&after, &app.rules, now.day());
        let reply = reply_of(StatusCode::OK, Some(view.version), &view)?;
        Ok((change, reply))
    })
    .await
}

/// What a holder can do next.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Readiness {
    /// The kind of application to make or mend next; none while one is under review.
    next: Option<ApplicationKind>,
    /// The same, as advice in Chinese.
    advice: String,
    /// First day on which it can be submitted.
    opens: Option<CalendarDate>,
    /// Last day on which it can be submitted.
    closes: Option<CalendarDate>,
    /// Days from today to that day; negative once it has passed.
    days_left: Option<i64>,
    /// True where it would be accepted after that day, and marked late.
    late_accepted: bool,
    /// The rule that sets these days.
    rule: Option<Citation>,
    /// The registration in force.
    registration: Option<RegistrationView>,
    /// The open application of that kind.
    application: Option<ApplicationId>,
    /// What that application still lacks.
    missing: Vec<Shortcoming>,
}

/// 查看下一步要办什么、还缺什么、依据哪条规则
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/me/readiness", tag = "submission",
    responses((status = 200, body = Readiness))))]
pub(crate) async fn readiness(
    State(app): State<App>,
    holder: Holder,
    received: Received,
) -> Result<Json<Readiness>, Problem> {
    let dossier = app.store.dossier(&holder.id, received.at).await?;
    Ok(Json(assess(&dossier, &app.rules, received.at.day())))
}

fn assess(dossier: &Dossier, library: &RuleLibrary, today: CalendarDate) -> Readiness {
    let registration = dossier.active_registration();
    let kind = if registration.is_some() { ApplicationKind::Renewal } else { ApplicationKind::First };
    let open = dossier.open_application(kind);
    let missing = open.map(|application| shortcomings(application, library.get(&application.rules), today));
    let mut readiness = Readiness {
        next: Some(kind),
        advice: String::new(),
        opens: None,
        closes: None,
        days_left: None,
        late_accepted: false,
        rule: None,
        registration: registration.map(|held| RegistrationView::of(held, dossier, library, today)),
        application: open.map(|application| application.id.clone()),
        missing: missing.unwrap_or_default(),
    };
    if let Some(held) = registration {
        let rules = library.get(&held.cycle.rules);
        let (opens, closes) = (rules.renewal_opens(held.valid_until), rules.renewal_closes(held.valid_until));
        readiness.opens = Some(opens);
        readiness.closes = Some(closes);
        readiness.rule = Some(rules.cite("renewal.window_months", &rules.renewal.window_months));
        if held.pending_renewal.is_some() {
            readiness.next = None;
            "再登记申请正在审核，审核期间登记继续有效，无需其他操作".clone_into(&mut readiness.advice);
        } else if today < opens {
            readiness.advice =
                format!("登记有效，再登记将于 {}开放，请在此之前完成继续教育", opens.in_chinese());
        } else {
            readiness.advice = format!("请在 {}前（含当日）提交再登记申请", closes.in_chinese());
        }
    } else {
        let rules = library.for_district(dossier.profile.form.district.as_ref());
        readiness.rule =
            Some(rules.cite("first_registration.window_months", &rules.first_registration.window_months));
        readiness.late_accepted = *rules.first_registration.late == LatePolicy::AcceptAndFlag;
        readiness.opens = dossier.profile.form.issued_on;
        readiness.closes = dossier.profile.form.issued_on.map(|issued_on| rules.first_window_end(issued_on));
        let lapsed = dossier.registrations.iter().any(|held| held.status == RegistrationStatus::Lapsed);
        let waiting = open.is_some_and(|application| application.stage().is_some());
        if waiting {
            readiness.next = None;
        }
        readiness.advice = match readiness.closes {
            _ if waiting => "首次登记申请正在审核，请留意审核结果".to_owned(),
            _ if lapsed => "原登记已失效，请重新办理首次登记".to_owned(),
            None => "请先填写证书信息，再办理首次登记".to_owned(),
            Some(closes) if today <= closes => {
                format!("请在 {}前（含当日）提交首次登记申请", closes.in_chinese())
            }
            Some(closes) if readiness.late_accepted => {
                format!("首次登记期限已于 {}届满，仍可补办，请尽快提交", closes.in_chinese())
            }
            Some(closes) => format!("首次登记已于 {}截止，请联系当地登记管理机构", closes.in_chinese()),
        };
    }
    if let Some(returned) = open {
        mend(&mut readiness, returned, library, today);
    }
    readiness.days_left = readiness.closes.map(|closes| today.days_until(closes));
    readiness
}

/// What was returned comes before everything else, and has a last day of its own, whatever the window says.
fn mend(readiness: &mut Readiness, application: &Application, library: &RuleLibrary, today: CalendarDate) {
    let Some(mend_by) = application.mend_by else { return };
    let rules = library.get(&application.rules);
    let (kind, day) = (application.kind.label(), mend_by.in_chinese());
    readiness.next = Some(application.kind);
    readiness.closes = Some(mend_by);
    readiness.late_accepted = false;
    readiness.rule = Some(rules.cite("review.mend_days", &rules.review.mend_days));
    readiness.advice = if today <= mend_by {
        format!("{kind}申请已退回，请在 {day}前（含当日）按退回意见修改后重新提交")
    } else {
        format!("{kind}申请的修改期限已于 {day}截止，请撤回后重新申请或联系当地登记管理机构")
    };
}
