//! Whether the template, the functions' routers and the API reference name the same routes, each with the same function.

use super::translated::Translated;
use crate::openapi;
use anyhow::{Context, Result};
use common::http::Route;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// `POST /v1/applications → submission`.
type Routes = BTreeSet<String>;

/// What each source of routes has that another lacks.
pub fn differences(root: &Path, translated: &Translated) -> Result<Vec<String>> {
    let sources = [
        ("the template", of_template(translated)?),
        ("the routers", of_code()),
        (openapi::FILE, of_reference(root)?),
    ];
    let all: Routes = sources.iter().flat_map(|(_, routes)| routes.iter().cloned()).collect();
    let lacking = |route: &String| {
        let lacking = sources.iter().filter(|(_, routes)| !routes.contains(route)).map(|(name, _)| *name);
        let lacking: Vec<_> = lacking.collect();
        (!lacking.is_empty()).then(|| format!("{route}: not in {}", lacking.join(", nor in ")))
    };
    Ok(all.iter().filter_map(lacking).collect())
}

fn line(method: &str, path: &str, function: &str) -> String {
    format!("{} {path} → {function}", method.to_uppercase())
}

fn of_code() -> Routes {
    let functions: [(&str, &[Route]); 8] = [
        ("session", session::ROUTES),
        ("submission", submission::ROUTES),
        ("attachment", attachment::ROUTES),
        ("review", review::ROUTES),
        ("education", education::ROUTES),
        ("registry", registry::ROUTES),
        ("certificate", certificate::ROUTES),
        ("notice", notice::ROUTES),
    ];
    let lines = functions.into_iter().flat_map(|(function, routes)| {
        routes.iter().map(move |route| line(route.method, route.path, function))
    });
    lines.collect()
}

fn of_reference(root: &Path) -> Result<Routes> {
    let reference: Value = serde_json::from_str(&fs::read_to_string(root.join(openapi::FILE))?)?;
    let mut routes = Routes::new();
    for (path, methods) in reference["paths"].as_object().context("the reference has no paths")? {
        for (method, operation) in methods.as_object().context("a path has no methods")? {
            let function = operation["tags"][0].as_str().context("an operation has no tag")?;
            routes.insert(line(method, path, function));
        }
    }
    Ok(routes)
}

fn of_template(translated: &Translated) -> Result<Routes> {
    let (_, api) = translated.of_type("AWS::ApiGateway::RestApi").next().context("there is no API")?;
    let functions = translated.functions();
    let mut routes = Routes::new();
    for (path, methods) in api["Body"]["paths"].as_object().context("the API has no paths")? {
        let methods = methods.as_object().context("a path has no methods")?;
        // Preflights are answered by the gateway itself.
        for (method, operation) in methods.iter().filter(|(method, _)| *method != "options") {
            let uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"].as_str();
            let uri = uri.with_context(|| format!("{method} {path} leads nowhere"))?;
            // `…/${SessionAliaslive}/…`, or `…/${Session.Arn}/…` without an alias.
            let leads_to = |id: &str| {
                [format!("${{{id}Alias"), format!("${{{id}.Arn}}")].iter().any(|place| uri.contains(place))
            };
            let function = functions.iter().find(|(id, _)| leads_to(id)).map(|(_, binary)| binary);
            routes.insert(line(method, path, function.context("a route leads to no function")?));
        }
    }
    Ok(routes)
}
