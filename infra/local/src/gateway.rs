//! What API Gateway is to the deployed functions: one address whose routes lead to one function each, by the same
//! tables that the template is compared with.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use common::http::Route;
use std::{convert::Infallible, sync::Arc};
use tower::ServiceExt;

/// Routes and the function behind each.
#[derive(Default)]
pub struct Gateway {
    routes: Vec<(Route, usize)>,
    functions: Vec<Router>,
}

impl Gateway {
    /// The gateway with one more function, whose `routes` lead to its router.
    #[must_use]
    pub fn with(mut self, routes: &[Route], function: Router) -> Self {
        let place = self.functions.len();
        self.functions.push(function);
        self.routes.extend(routes.iter().map(|route| (*route, place)));
        self
    }

    /// The gateway as a router. What no route names goes to the first function, which answers that there's nothing.
    pub fn into_router(self) -> Router {
        Router::new().fallback(forward).with_state(Arc::new(self))
    }

    /// The function behind a method and path; where only the method is wrong, the one that knows the path. A segment that is
    /// spelled out goes before a parameter, as at API Gateway, whichever function has it.
    fn function(&self, method: &str, path: &str) -> Option<&Router> {
        let known = || self.routes.iter().filter(|(route, _)| matches(route.path, path));
        let parameters = |(route, _): &&(Route, usize)| route.path.matches('{').count();
        let exact = known().filter(|(route, _)| route.method == method).min_by_key(parameters);
        let exact = exact.or_else(|| known().min_by_key(parameters));
        self.functions.get(exact.map_or(0, |(_, place)| *place))
    }
}

/// True where `path` has the form of `pattern`, whose `{…}` stand for one segment each.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(segment)) if wanted == segment => {}
            (Some(wanted), Some(segment)) if wanted.starts_with('{') && !segment.is_empty() => {}
            _ => return false,
        }
    }
}

async fn forward(
    State(gateway): State<Arc<Gateway>>,
    request: Request<Body>,
) -> Result<Response, Infallible> {
    match gateway.function(request.method().as_str(), request.uri().path()) {
        Some(function) => function.clone().oneshot(request).await,
        None => Ok(Response::new(Body::empty())),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_parameter_stands_for_one_segment() {
        assert!(matches("/v1/applications/{id}", "/v1/applications/x"));
        assert!(!matches("/v1/applications/{id}", "/v1/applications/x/attachments"));
        assert!(!matches("/v1/applications/{id}", "/v1/applications/"));
        assert!(matches("/v1/me", "/v1/me"));
        assert!(!matches("/v1/me", "/v1/me/readiness"));
    }
}
