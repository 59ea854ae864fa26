//! Whether what the gateway itself refuses, without asking a function, is answered as the functions answer: a problem that
//! a person can read.

use super::translated::Translated;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// Every kind of refusal that a REST API of API Gateway has, with the status that belongs to it here
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>). What the
/// gateway calls a missing authentication token is a method or a path that isn't there; and where a bearer token came with
/// that, it takes the token for a signature of its own and calls it invalid.
const REFUSALS: [(&str, u16); 21] = [
    ("ACCESS_DENIED", 403),
    ("API_CONFIGURATION_ERROR", 500),
    ("AUTHORIZER_CONFIGURATION_ERROR", 500),
    ("AUTHORIZER_FAILURE", 500),
    ("BAD_REQUEST_BODY", 400),
    ("BAD_REQUEST_PARAMETERS", 400),
    ("DEFAULT_4XX", 400),
    ("DEFAULT_5XX", 503),
    ("EXPIRED_TOKEN", 403),
    ("INTEGRATION_FAILURE", 504),
    ("INTEGRATION_TIMEOUT", 504),
    ("INVALID_API_KEY", 403),
    ("INVALID_SIGNATURE", 404),
    ("MISSING_AUTHENTICATION_TOKEN", 404),
    ("QUOTA_EXCEEDED", 429),
    ("REQUEST_TOO_LARGE", 413),
    ("RESOURCE_NOT_FOUND", 404),
    ("THROTTLED", 429),
    ("UNAUTHORIZED", 401),
    ("UNSUPPORTED_MEDIA_TYPE", 415),
    ("WAF_FILTERED", 403),
];

/// What the functions' own errors have, and no more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    code: String,
    detail: String,
    trace_id: String,
}

/// What is off with any of them.
pub fn differences(translated: &Translated) -> Result<Vec<String>> {
    let (_, api) = translated.of_type("AWS::ApiGateway::RestApi").next().context("there is no API")?;
    let given = &api["Body"]["x-amazon-apigateway-gateway-responses"];
    let mut found: Vec<String> = Vec::new();
    for (name, status) in REFUSALS {
        if let Err(why) = sound(&given[name], status) {
            found.push(format!("the gateway's {name} {why}"));
        }
    }
    let known = |name: &&String| !REFUSALS.iter().any(|(known, _)| known == name);
    let unknown = given.as_object().into_iter().flat_map(|given| given.keys().filter(known));
    found.extend(unknown.map(|name| format!("the gateway has no {name}")));
    Ok(found)
}

fn sound(response: &Value, status: u16) -> Result<(), String> {
    if response.is_null() {
        return Err("has no answer of its own".to_owned());
    }
    if response["statusCode"].as_str().and_then(|given| given.parse().ok()) != Some(status) {
        return Err(format!("is answered {} and not {status}", response["statusCode"]));
    }
    let headers = &response["responseParameters"];
    if headers["gatewayresponse.header.Content-Type"] != "'application/problem+json'" {
        return Err("isn't application/problem+json".to_owned());
    }
    if headers["gatewayresponse.header.Access-Control-Allow-Origin"].is_null() {
        return Err("can't be read by the console".to_owned());
    }
    let when = !headers["gatewayresponse.header.Retry-After"].is_null();
    if status == 429 && !when {
        return Err("doesn't say when to come back".to_owned());
    }
    if when && headers["gatewayresponse.header.Access-Control-Expose-Headers"] != "'Retry-After'" {
        return Err("keeps from the console when to come back".to_owned());
    }
    let body = response["responseTemplates"]["application/json"].as_str().unwrap_or_default();
    let body: Body = serde_json::from_str(body).map_err(|error| format!("isn't a problem: {error}"))?;
    if body.status != status {
        return Err(format!("says {} in its body", body.status));
    }
    if body.kind.strip_prefix("urn:problem:") != Some(&body.code) || body.title.is_empty() {
        return Err(format!("has another type or title than its code {}", body.code));
    }
    if body.trace_id != "$context.requestId" {
        return Err("can't be traced".to_owned());
    }
    if !body.detail.contains(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter)) {
        return Err("says nothing in Chinese".to_owned());
    }
    Ok(())
}
