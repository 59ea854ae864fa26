//! A request's arrival: when, from where, and the id it's traced by.

use super::Problem;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use domain::date::Instant;
use lambda_http::{RequestExt, request::RequestContext};
use std::net::IpAddr;

/// A request's arrival. The instant is the server's clock when it arrived: it alone decides whether a deadline was
/// met, however long the request then takes.
#[derive(Debug, Clone)]
pub struct Received {
    /// When it arrived.
    pub at: Instant,
    /// The id that the reply, the log and API Gateway share.
    pub trace_id: String,
    /// The caller's network address; empty where nobody tells.
    pub from: String,
}

impl Received {
    /// Reads what the gateway says about `request`, which arrived at `now`.
    pub(super) fn of<B>(request: &axum::http::Request<B>, now: Instant) -> Self {
        let gateway = match request.extensions().get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV1(context)) => Some(context),
            _ => None,
        };
        let trace_id = gateway
            .and_then(|context| context.request_id.clone())
            .or_else(|| request.lambda_context_ref().map(|context| context.request_id.clone()))
            .unwrap_or_else(|| crate::crypto::random_bytes::<12>().map(hex::encode).unwrap_or_default());
        // Behind the gateway its word counts; the header could say anything.
        let from = gateway
            .map(|context| context.identity.source_ip.clone().unwrap_or_default())
            .or_else(|| forwarded(request.headers()))
            .unwrap_or_default();
        Self { at: now, trace_id, from }
    }

    /// The network that the caller is in, as far as callers are told apart by their addresses: an IPv4 address, or the
    /// half of an IPv6 address that a subscriber can't choose. Empty where nobody tells.
    pub fn network(&self) -> String {
        match self.from.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V4(address)) => address.to_string(),
            Ok(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            Err(_) => String::new(),
        }
    }
}

fn forwarded(headers: &HeaderMap) -> Option<String> {
    let first = headers.get("x-forwarded-for")?.to_str().ok()?.split(',').next()?.trim();
    first.parse::<IpAddr>().ok().map(|address| address.to_string())
}

impl<S: Sync> FromRequestParts<S> for Received {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let received = parts.extensions.get::<Self>().cloned();
        received.ok_or_else(|| Problem::internal("a router runs without http::finish"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_told_apart_by_what_they_cannot_choose() {
        let network = |from: &str| {
            let from = from.to_owned();
            Received { at: Instant::from_unix_millis(0), trace_id: String::new(), from }.network()
        };
        assert_eq!(network("203.0.113.7"), "203.0.113.7");
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2::9"), network("2001:db8:1:2:ffff::"));
        assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:3::9"));
        assert_eq!(network(""), "");
    }
}
