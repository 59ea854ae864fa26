//! Routes, declared once: the router, the table that tests compare with the API reference, and the OpenAPI document
//! all come from the same lines at the top of a function's `lib.rs`.

use axum::{
    handler::Handler,
    routing::{MethodFilter, MethodRouter, on},
};

/// A method and a path, as API Gateway's template names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// `/v1/applications/{id}`
    pub path: &'static str,
}

#[doc(hidden)]
pub fn method_router<H, T, S>(method: &'static str, handler: H) -> MethodRouter<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    let filter = match method {
        "GET" => MethodFilter::GET,
        "POST" => MethodFilter::POST,
        "PUT" => MethodFilter::PUT,
        "PATCH" => MethodFilter::PATCH,
        _ => MethodFilter::DELETE,
    };
    on(filter, handler)
}

/// Declares a function's routes:
///
/// ```text
/// common::routes! {
///     state: common::http::App;
///     GET "/v1/me" => profile::read,
///     PUT "/v1/me" => profile::save,
/// }
/// ```
///
/// gives `ROUTES` (the table), `routes()` (an axum router without its layers) and, with the crate's feature
/// `openapi`, `ApiDoc` (a `utoipa::OpenApi`). Handlers carry `#[utoipa::path(…)]` with the same method and path,
/// which a test compares.
#[macro_export]
macro_rules! routes {
    (state: $state:ty; $($method:ident $path:literal => $($handler:ident)::+,)+) => {
        /// Every method and path of this function.
        pub const ROUTES: &[$crate::http::Route] =
            &[$($crate::http::Route { method: stringify!($method), path: $path },)+];

        fn routes() -> axum::Router<$state> {
            axum::Router::new()
                $(.route($path, $crate::http::method_router(stringify!($method), $($handler)::+)))+
        }

        /// This function's part of the API reference.
        #[cfg(feature = "openapi")]
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($handler)::+,)+))]
        pub struct ApiDoc;
    };
}
