//! What an operator asks of the function by invoking it directly, past API Gateway: the first administrator of a new
//! stack is appointed so. Who may is a matter of `lambda:InvokeFunction`; no request through the gateway can look like an
//! order, since the gateway wraps whatever it is sent.

use crate::{
    AppointError, Session,
    accounts::{AppointInput, HandedOver, new_staff},
    appointment::{Handed, make},
    router,
};
use common::http::App;
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
};
use lambda_http::{
    Adapter, Error, LambdaEvent,
    lambda_runtime::{self, Diagnostic, service_fn},
    request::LambdaRequest,
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};
use std::fmt::Display;
use tower::ServiceExt;

/// An order: `{"appoint": {…}}`, with what `POST /v1/staff` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// Make an account. The answer has its first password and one-time code secret, once.
    appoint: AppointInput,
}

/// What tells an order from the gateway's events, all of which are objects with a fixed set of other names.
#[derive(Deserialize)]
struct Mark {
    appoint: Option<IgnoredAny>,
}

/// Serves requests and orders until Lambda ends the process.
pub async fn serve(session: Session) -> Result<(), Error> {
    let session = &session;
    lambda_runtime::run(service_fn(|event| answer(session, event))).await
}

/// The answer to a request that came through the gateway, or to an order.
pub async fn answer(session: &Session, event: LambdaEvent<Box<RawValue>>) -> Result<Value, Diagnostic> {
    let LambdaEvent { payload, context } = event;
    let payload = payload.get();
    if serde_json::from_str(payload).is_ok_and(|mark: Mark| mark.appoint.is_some()) {
        let order = serde_json::from_str(payload).map_err(|error| failed("invalid_order", error))?;
        return obey(&session.app, order).await;
    }
    let request: LambdaRequest =
        serde_json::from_str(payload).map_err(|error| failed("invalid_event", error))?;
    let adapter = Adapter::from(router(session.clone()));
    let Ok(answer) = adapter.oneshot(LambdaEvent::new(request, context)).await;
    serde_json::to_value(answer).map_err(|error| failed("invalid_answer", error))
}

async fn obey(app: &App, order: Order) -> Result<Value, Diagnostic> {
    let refused = |error: AppointError| failed(error.code(), error);
    let journal = JournalEntry::new(Actor::System, JournalAction::AccountAppointed, app.now());
    let new = new_staff(order.appoint).map_err(refused)?;
    let handed = Handed::generate().map_err(|error| refused(error.into()))?;
    let (account, handed) = make(app, new, handed, None, journal).await.map_err(refused)?;
    let handed = HandedOver::of(account, handed);
    serde_json::to_value(handed).map_err(|error| failed("invalid_answer", error))
}

fn failed(code: &str, error: impl Display) -> Diagnostic {
    Diagnostic { error_type: code.to_owned(), error_message: error.to_string() }
}
