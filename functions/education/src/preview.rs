//! "Would this count for me?" Answered by the same assessment as the transcript, and nothing is written.

use crate::{
    Education,
    credits::{CreditInput, unknown_course},
};
use axum::{Json, extract::State};
use common::http::{Body, Holder, Problem, Received};
use domain::education::{self, Preview};
use futures_util::future::try_join;

/// 试算学时
///
/// 某课程或某项学习在某日完成，能否计入、计入多少、还差多少。可以是将来的日期，不需要证明材料，不保存任何内容。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/me/credits/preview", tag = "education",
    request_body = CreditInput, responses((status = 200, body = Preview))))]
pub(crate) async fn preview(
    State(Education { app, .. }): State<Education>,
    holder: Holder,
    received: Received,
    Body(input): Body<CreditInput>,
) -> Result<Json<Preview>, Problem> {
    let course = input.course()?;
    let found = async {
        match &course {
            Some(course) => app.store.course(course).await,
            None => Ok(None),
        }
    };
    let (dossier, found) = try_join(app.store.dossier(&holder.id, received.at), found).await?;
    if course.is_some() && found.is_none() {
        return Err(unknown_course());
    }
    let claim = input.into_claim(None, found)?;
    Ok(Json(education::preview(&dossier, &claim, &app.rules, received.at)))
}
