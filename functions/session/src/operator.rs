//! What an operator asks of the function by invoking it directly, past API Gateway: the first administrator of a new
//! stack is appointed so. Who may is a matter of `lambda:InvokeFunction`; no request through the gateway can look like an
//! order, since the gateway wraps whatever it is sent.

use crate::{
    AppointError, Session,
    accounts::{AppointInput, HandedOver, new_staff},
    appointment::on_the_operators_word,
    router,
};
use axum::Router;
use common::http::App;
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

/// Serves requests and orders until Lambda ends the process.
pub async fn serve(session: Session) -> Result<(), Error> {
    let front = &Front::new(session);
    lambda_runtime::run(service_fn(|event| front.answer(event))).await
}

/// What stands before the function's routes.
pub struct Front {
    app: App,
    router: Router,
}

impl Front {
    /// A front of `session`'s routes.
    pub fn new(session: Session) -> Self {
        Self { app: session.app.clone(), router: router(session) }
    }

    /// The answer to a request that came through the gateway, or to an order. All of the gateway's events are objects
    /// with a fixed set of names, which no order has: what is one of them is never looked at as an order.
    pub async fn answer(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, Diagnostic> {
        let LambdaEvent { payload, context } = event;
        match serde_json::from_str::<LambdaRequest>(payload.get()) {
            Ok(request) => {
                let adapter = Adapter::from(self.router.clone());
                let Ok(answer) = adapter.oneshot(LambdaEvent::new(request, context)).await;
                serde_json::to_value(answer).map_err(|error| failed("invalid_answer", error))
            }
            Err(error) => match serde_json::from_str(payload.get()) {
                Ok(Mark { appoint: Some(_) }) => self.obey(payload.get()).await,
                _ => Err(failed("invalid_event", error)),
            },
        }
    }

    async fn obey(&self, order: &str) -> Result<Value, Diagnostic> {
        let order: Order = serde_json::from_str(order).map_err(|error| failed("invalid_order", error))?;
        let refused = |error: AppointError| failed(error.code(), error);
        let new = new_staff(order.appoint).map_err(refused)?;
        let (account, handed) = on_the_operators_word(&self.app, new).await.map_err(refused)?;
        let handed = HandedOver::of(account, handed);
        serde_json::to_value(handed).map_err(|error| failed("invalid_answer", error))
    }
}

/// What tells that an event is meant to be an order.
#[derive(Deserialize)]
struct Mark {
    appoint: Option<IgnoredAny>,
}

fn failed(code: &str, error: impl Display) -> Diagnostic {
    Diagnostic { error_type: code.to_owned(), error_message: error.to_string() }
}
