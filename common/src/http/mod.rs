//! HTTP: what each function's router shares. Errors are `application/problem+json`, versions travel as `ETag` and
//! `If-Match`, retries by `Idempotency-Key`.

mod app;
mod caller;
mod csv;
mod envelope;
mod lambda;
mod problem;
mod received;
mod registration;
mod routes;
mod write;

pub use app::App;
pub use caller::{Administrator, Holder, Provider, Service, Staff};
pub use csv::Csv;
pub use envelope::finish;
pub use lambda::serve;
pub use problem::{Problem, ProblemBody};
pub use received::Received;
pub use registration::{find_registration, is_staff, registration_number};
pub use routes::Route;
pub use write::{Body, IfMatch, MAX_BODY, NoBody, Query, RetryKey, Write, etag, reply_of};

#[doc(hidden)]
pub use routes::method_router;
