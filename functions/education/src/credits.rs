//! Hours that a holder claims: saved as a draft, proved by files (see function `attachment`), submitted, edited and taken
//! back while they wait.

use crate::Education;
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    crypto::random_u128,
    http::{App, Holder, NoBody, Problem, Query, Received, Write, etag, reply_of},
    store::Reply,
    view::CreditView,
};
use domain::{
    application::Change,
    credit::{
        Activity, Course, CreditCategory, CreditForm, CreditRecord, CreditRefusal, CreditState, Hours,
        Particulars,
    },
    date::CalendarDate,
    dossier::Dossier,
    education::{self, ClaimInput},
    error::{FieldError, Refusal},
    form::ShortText,
    id::{CourseId, CreditId},
    registration::RegistrationNumber,
};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};

/// Hours to be claimed. Of a course, its days and all its hours are meant where nothing else is said; what is left out
/// of an edit stays as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CreditInput {
    /// The course of the catalogue, where it was one. Form, category, title and provider are then the course's.
    course: Option<String>,
    /// Its form.
    form: Option<CreditForm>,
    /// Ethics or not.
    category: Option<CreditCategory>,
    /// What it was called.
    title: Option<ShortText>,
    /// Who held it.
    provider: Option<ShortText>,
    /// The first day it was done.
    done_from: Option<CalendarDate>,
    /// The last day; the first where it's left out.
    done_to: Option<CalendarDate>,
    /// What its form asks for.
    particulars: Option<Particulars>,
    /// How many hours. Not needed of a course, or where the rules give so many for each.
    hours: Option<Hours>,
    /// 学时 or 小时, where the caller says which. Refused where it isn't what the rules speak of.
    unit: Option<String>,
    /// Which registration, where the holder has several.
    registration: Option<RegistrationNumber>,
}

impl CreditInput {
    /// The course that is named.
    pub(crate) fn course(&self) -> Result<Option<CourseId>, Problem> {
        // What is no id is no course's.
        self.course.as_deref().map(|id| id.parse().map_err(|_| unknown_course())).transpose()
    }

    /// As the domain takes it: what is said here over what `before` said, and what `course` says over both.
    pub(crate) fn into_claim(
        self,
        before: Option<&CreditRecord>,
        course: Option<Course>,
    ) -> Result<ClaimInput, Problem> {
        let (hours, unit) = (self.hours.or(before.map(|record| record.claimed)), self.unit.clone());
        let registration = self.registration.clone();
        let said = Said { before: before.map(|record| &record.activity), input: self };
        let activity = if let Some(course) = &course { said.of_course(course) } else { said.activity()? };
        Ok(ClaimInput { activity, hours, unit, course, registration })
    }
}

/// What is said, over what was said before.
struct Said<'a> {
    before: Option<&'a Activity>,
    input: CreditInput,
}

impl Said<'_> {
    fn from(&self) -> Option<CalendarDate> {
        self.input.done_from.or(self.before.map(|held| held.done_from))
    }

    fn to(&self) -> Option<CalendarDate> {
        self.input.done_to.or(self.before.map(|held| held.done_to))
    }

    /// The course, on the days that are said.
    fn of_course(&self, course: &Course) -> Activity {
        let (from, to) = (self.from(), self.to());
        course.attended(from.unwrap_or(course.from), to.or(from).unwrap_or(course.to))
    }

    /// What was no course of the catalogue.
    fn activity(self) -> Result<Activity, Problem> {
        let (from, to) = (self.from(), self.to());
        let Self { before, input } = self;
        let mut missing = Missing::default();
        let form = missing.take(input.form.or(before.map(|held| held.form)), "form", "学习形式");
        let category =
            missing.take(input.category.or(before.map(|held| held.category)), "category", "内容类别");
        let title = missing.take(input.title.or(before.map(|held| held.title.clone())), "title", "名称");
        let from = missing.take(from, "done_from", "开始日期");
        let (Some(form), Some(category), Some(title), Some(done_from)) = (form, category, title, from) else {
            return Err(Refusal::InvalidFields(missing.0).into());
        };
        Ok(Activity {
            form,
            category,
            title,
            course: None,
            provider: input.provider.or(before.and_then(|held| held.provider.clone())),
            done_from,
            done_to: to.unwrap_or(done_from),
            particulars: input
                .particulars
                .or(before.map(|held| held.particulars.clone()))
                .unwrap_or_default(),
        })
    }
}

/// Fields that are missing.
#[derive(Default)]
struct Missing(Vec<FieldError>);

impl Missing {
    fn take<T>(&mut self, value: Option<T>, field: &str, label: &str) -> Option<T> {
        if value.is_none() {
            let detail = format!("请填写{label}");
            self.0.push(FieldError { field: field.to_owned(), code: "missing_field".to_owned(), detail });
        }
        value
    }
}

pub(crate) fn unknown_course() -> Problem {
    Problem::invalid("course", "unknown_course", "没有找到该课程，请核对课程编号，或不选课程直接填写")
}

/// A record's id, where it's the caller's own: nobody learns whether somebody else's exists.
fn own(holder: &Holder, id: &str) -> Result<CreditId, Problem> {
    let id: CreditId = id.parse().map_err(|_| CreditRefusal::UnknownCredit)?;
    if id.holder() == holder.id { Ok(id) } else { Err(CreditRefusal::UnknownCredit.into()) }
}

/// The record `id` in the version that `If-Match` asks for.
fn find<'a, T>(dossier: &'a Dossier, id: &CreditId, write: &Write<T>) -> Result<&'a CreditRecord, Problem> {
    let record = dossier.credit(id).ok_or(CreditRefusal::UnknownCredit)?;
    match write.if_match {
        Some(version) if version.0 != record.version => Err(Problem::stale()),
        _ => Ok(record),
    }
}

/// The reply that shows the record that `change` makes.
fn respond(
    app: &App,
    dossier: &Dossier,
    status: StatusCode,
    change: Change,
) -> Result<(Change, Reply), Problem> {
    let record = change.credit.as_deref().ok_or_else(|| Problem::internal("a claim changes no record"))?;
    let view = view(app, dossier, record)?;
    let reply = reply_of(status, Some(view.version), &view)?;
    Ok((change, reply))
}

fn view(app: &App, dossier: &Dossier, record: &CreditRecord) -> Result<CreditView, Problem> {
    let (_, cycle, _) = dossier.cycle_of(record).ok_or(CreditRefusal::UnknownCredit)?;
    Ok(CreditView::of(record, app.rules.get(&cycle.rules)))
}

/// Which records.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct ListInput {
    /// Only those that have come this far.
    state: Option<CreditState>,
}

/// Records of hours.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Credits {
    /// Those of the last seven years, the latest first.
    items: Vec<CreditView>,
}

/// 查看本人的学时记录
///
/// 近七年的全部记录，含草稿、待认定和不予认定的；计入多少见继续教育记录（transcript）。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/me/credits", tag = "education",
    params(ListInput), responses((status = 200, body = Credits))))]
pub(crate) async fn list(
    State(app): State<App>,
    holder: Holder,
    received: Received,
    Query(input): Query<ListInput>,
) -> Result<Json<Credits>, Problem> {
    let dossier = app.store.dossier(&holder.id, received.at).await?;
    let mut wanted: Vec<_> = dossier
        .credits
        .iter()
        .filter(|record| input.state.is_none_or(|state| record.state == state))
        .collect();
    wanted.sort_by_key(|record| std::cmp::Reverse((record.activity.done_to, record.recorded_at)));
    let items = wanted.into_iter().map(|record| view(&app, &dossier, record));
    Ok(Json(Credits { items: items.collect::<Result<_, _>>()? }))
}

/// 查看一条学时记录
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/me/credits/{id}", tag = "education",
    params(("id" = CreditId, Path)), responses((status = 200, body = CreditView))))]
pub(crate) async fn read(
    State(app): State<App>,
    holder: Holder,
    received: Received,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let id = own(&holder, &id)?;
    let since = Dossier::since_credit(received.at.day(), &id);
    let dossier = app.store.dossier_since(&holder.id, since, received.at).await?;
    let record = dossier.credit(&id).ok_or(CreditRefusal::UnknownCredit)?;
    let view = view(&app, &dossier, record)?;
    Ok(([(header::ETAG, etag(view.version))], Json(view)))
}

/// 申报学时
///
/// 先存为草稿，不受材料是否齐全影响；上传证明材料后提交，待认定后计入。选了课程的，形式、类别、名称以课程为准。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/me/credits", tag = "education",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = CreditInput, responses((status = 201, body = CreditView))))]
pub(crate) async fn open(
    State(Education { app, .. }): State<Education>,
    holder: Holder,
    write: Write<CreditInput>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    let course = write.body.course()?;
    let found = async {
        match &course {
            Some(course) => app.store.course(course).await,
            None => Ok(None),
        }
    };
    let (dossier, found) = try_join(app.store.dossier(&holder.id, now), found).await?;
    let entropy = random_u128().map_err(Problem::internal)?;
    let decide = || {
        if course.is_some() && found.is_none() {
            return Err(unknown_course());
        }
        let input = write.body.clone().into_claim(None, found.clone())?;
        let mint = |cycle| CreditId::mint(&holder.id, cycle, entropy);
        let change = education::claim(&dossier, &input, mint, &app.rules, now)?;
        respond(&app, &dossier, StatusCode::CREATED, change)
    };
    // Boxed, since what was decided is large.
    Box::pin(app.settle(&write, decide())).await
}

/// 修改申报
///
/// 只改所列内容；草稿和待认定的可以修改。
#[cfg_attr(feature = "openapi", utoipa::path(patch, path = "/v1/me/credits/{id}", tag = "education",
    params(("id" = CreditId, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    request_body = CreditInput, responses((status = 200, body = CreditView))))]
pub(crate) async fn save(
    State(Education { app, .. }): State<Education>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<CreditInput>,
) -> Result<Response, Problem> {
    let id = own(&holder, &id)?;
    let now = write.received.at;
    let named = write.body.course()?;
    let since = Dossier::since_credit(now.day(), &id);
    let dossier = app.store.dossier_since(&holder.id, since, now).await?;
    let held = dossier.credit(&id).and_then(|record| record.activity.course.clone());
    let course = named.or(held);
    let found = match &course {
        Some(course) => app.store.course(course).await?,
        None => None,
    };
    let decide = || {
        let record = find(&dossier, &id, &write)?;
        if course.is_some() && found.is_none() {
            return Err(unknown_course());
        }
        let input = write.body.clone().into_claim(Some(record), found.clone())?;
        let change = education::edit_claim(&dossier, record, &input, &app.rules, now)?;
        respond(&app, &dossier, StatusCode::OK, change)
    };
    // Boxed, since what was decided is large.
    Box::pin(app.settle(&write, decide())).await
}

/// 提交申报或抽查材料
///
/// 材料齐全后提交；提交成功即进入待认定，并有邮件回执。被抽查的记录，补齐材料后也由此提交。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/me/credits/{id}/submission", tag = "education",
    params(("id" = CreditId, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = CreditView))))]
pub(crate) async fn submit(
    State(app): State<App>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let id = own(&holder, &id)?;
    let now = write.received.at;
    let since = Dossier::since_credit(now.day(), &id);
    app.execute_since(since, &write, &holder.id, |dossier, _| {
        let record = find(dossier, &id, &write)?;
        let change = education::submit(dossier, record, &app.rules, now)?;
        respond(&app, dossier, StatusCode::OK, change)
    })
    .await
}

/// 撤回申报
#[cfg_attr(feature = "openapi", utoipa::path(delete, path = "/v1/me/credits/{id}", tag = "education",
    params(("id" = CreditId, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = CreditView))))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let id = own(&holder, &id)?;
    let now = write.received.at;
    let since = Dossier::since_credit(now.day(), &id);
    app.execute_since(since, &write, &holder.id, |dossier, _| {
        let record = find(dossier, &id, &write)?;
        let change = education::withdraw_claim(dossier, record, &app.rules, now)?;
        respond(&app, dossier, StatusCode::OK, change)
    })
    .await
}
