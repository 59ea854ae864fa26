//! What is around every request: its arrival on the way in; on the way out its error body, its trace id, the console's
//! leave to read it, and the one line that logs and counts it.

use super::{App, Problem, Received};
use crate::telemetry;
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use std::time::Instant as Stopwatch;

/// What a page of the console may read of an answer's headers besides the few that any page may.
const EXPOSED: HeaderValue = HeaderValue::from_static("ETag, Location, Retry-After, X-Trace-Id");

/// Puts the envelope around a function's router. `service` names the function in the log and the metrics.
pub fn finish(router: Router, service: &'static str, app: App) -> Router {
    let router = router.fallback(|| async { Problem::not_found() }).method_not_allowed_fallback(|| async {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "该地址不支持此请求方法")
    });
    // The route is only known inside the router, so what is logged of it is noted there.
    router
        .route_layer(axum::middleware::from_fn(note_route))
        .layer(from_fn_with_state(Envelope { service, app }, envelope))
}

#[derive(Clone)]
struct Envelope {
    service: &'static str,
    app: App,
}

/// The matched route's path, e.g. `/v1/applications/{id}`: the log never has the ids in it.
#[derive(Clone)]
struct NotedRoute(String);

async fn note_route(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(path) = path {
        response.extensions_mut().insert(NotedRoute(path.as_str().to_owned()));
    }
    response
}

async fn envelope(
    State(Envelope { service, app }): State<Envelope>,
    mut request: Request,
    next: Next,
) -> Response {
    let watch = Stopwatch::now();
    let received = Received::of(&request, app.now());
    let method: Method = request.method().clone();
    let trace_id = received.trace_id.clone();
    request.extensions_mut().insert(received);

    let mut response = next.run(request).await;
    let route = response.extensions_mut().remove::<NotedRoute>();
    let mut code = None;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        code = Some(problem.code());
        if let Some(cause) = problem.cause() {
            tracing::error!(trace_id, code = problem.code(), cause, "request failed");
        }
        let headers = std::mem::take(response.headers_mut());
        response = problem.render(&trace_id);
        for (name, value) in &headers {
            response.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        response.headers_mut().remove(header::CONTENT_LENGTH);
    } else if is_bare_error(&response) {
        // axum's own rejections (a path parameter that isn't text, say) come as plain text.
        let problem = bare(response.status());
        code = Some(problem.code());
        response = problem.render(&trace_id);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(&trace_id) {
        headers.insert("x-trace-id", value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(origin) = &app.console {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    telemetry::request(&telemetry::RequestLine {
        service,
        method: method.as_str(),
        route: route.as_ref().map_or("unmatched", |route| route.0.as_str()),
        status: response.status().as_u16(),
        code,
        trace_id: &trace_id,
        elapsed: watch.elapsed(),
        at: app.now(),
    });
    response
}

fn is_bare_error(response: &Response) -> bool {
    let error = response.status().is_client_error() || response.status().is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    error && kind.is_none_or(|kind| !kind.contains("json"))
}

fn bare(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::not_found(),
        status if status.is_client_error() => {
            Problem::new(status, "bad_request", "请求格式不正确，请对照接口说明检查")
        }
        status => Problem::internal(format!("bare status {status}")),
    }
}
