//! Whether each function's role allows exactly what the function was seen to do. What it was seen to do is in
//! `infra/rights.snap`, which the tests keep; see `tests/tests/calls/rights.rs`.

use super::translated::{Translated, each};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// What the tests saw, from the root.
const SEEN: &str = "infra/rights.snap";
/// What is done with the stack's key in a function's name.
const KEY_ACTIONS: [&str; 6] = [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
];
/// Rights by function, each one `action resource keys`.
type Rights = BTreeMap<String, BTreeSet<String>>;

/// What Lambda does in a function's name, and what mail by SES takes: no test sees it on the wire.
fn unseen(function: &str) -> Vec<String> {
    let log = format!("{function} log");
    let mut rights = vec![format!("logs:CreateLogStream {log}"), format!("logs:PutLogEvents {log}")];
    if ["notifier", "reminder"].contains(&function) {
        rights.push("ses:SendRawEmail sender".to_owned());
    }
    if ["notifier", "reminder", "roster"].contains(&function) {
        rights.push("sqs:SendMessage dead letters".to_owned());
    }
    if ["notifier", "roster"].contains(&function) {
        let stream = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];
        rights.extend(stream.map(|action| format!("dynamodb:{action} stream")));
    }
    rights
}

/// Rights that are needed and not given, and those that are given and not needed.
pub fn differences(root: &Path, translated: &Translated) -> Result<Vec<String>> {
    let seen = fs::read_to_string(root.join(SEEN)).with_context(|| format!("cannot read {SEEN}"))?;
    let seen = seen.splitn(3, "---\n").nth(2).with_context(|| format!("{SEEN} is no snapshot"))?;
    let mut needed: Rights = serde_json::from_str(seen)?;
    let given = given(translated)?;
    for (function, rights) in &mut needed {
        rights.extend(unseen(function));
    }
    let functions: BTreeSet<_> = needed.keys().chain(given.keys()).collect();
    let none = BTreeSet::new();
    let mut found = Vec::new();
    for function in functions {
        let needed = needed.get(function).unwrap_or(&none);
        let given = given.get(function).unwrap_or(&none);
        found.extend(needed.difference(given).map(|right| format!("{function} may not {right}, and does")));
        found.extend(given.difference(needed).map(|right| format!("{function} may {right}, and never does")));
    }
    Ok(found)
}

/// What the roles allow.
fn given(translated: &Translated) -> Result<Rights> {
    let mut given = Rights::new();
    for (id, function) in translated.functions() {
        let role = format!("{id}Role");
        let used = translated.resource(&id).map(|function| &function["Role"]["Fn::GetAtt"][0]);
        if used.and_then(Value::as_str) != Some(&role) {
            bail!("{id} doesn't use the role {role}");
        }
        let role = translated.resource(&role).with_context(|| format!("{id} has no role {role}"))?;
        let rights = given.entry(function).or_default();
        for policy in each(&role["Policies"]) {
            add(rights, &policy["PolicyDocument"])?;
        }
        for managed in each(&role["ManagedPolicyArns"]) {
            // A policy of this template, perhaps on a condition. One of AWS's would allow more than is needed.
            let managed = managed.get("Fn::If").map_or(managed, |branches| &branches[1]);
            let name =
                managed["Ref"].as_str().with_context(|| format!("{id} has a policy from elsewhere"))?;
            let policy = translated.resource(name).with_context(|| format!("there is no policy {name}"))?;
            add(rights, &policy["PolicyDocument"])?;
        }
    }
    Ok(given)
}

fn add(rights: &mut BTreeSet<String>, document: &Value) -> Result<()> {
    for statement in each(&document["Statement"]) {
        let statement = statement.get("Fn::If").map_or(statement, |branches| &branches[1]);
        if statement["Effect"] != "Allow" {
            bail!("a role denies something: allow less instead: {statement}");
        }
        for action in each(&statement["Action"]) {
            let action = action.as_str().context("an action isn't a text")?;
            // The key that everything is encrypted with, used by way of a service or for the environment alone.
            if action.starts_with("kms:") {
                let own = statement["Resource"]["Fn::GetAtt"][0] == "Key";
                let bound = [
                    "/StringEquals/kms:ViaService",
                    "/StringLike/kms:EncryptionContext:aws:lambda:FunctionArn",
                ]
                .iter()
                .any(|condition| statement["Condition"].pointer(condition).is_some());
                if !own || !bound || !KEY_ACTIONS.contains(&action) {
                    bail!("a right to use keys that is too wide: {statement}");
                }
                continue;
            }
            for resource in each(&statement["Resource"]) {
                let resource = named(resource)?;
                let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
                let keys = each(keys);
                if keys.is_empty() {
                    rights.insert(format!("{action} {resource}"));
                }
                for key in keys {
                    let key = key.as_str().context("a leading key isn't a text")?;
                    rights.insert(format!("{action} {resource} {key}"));
                }
            }
        }
    }
    Ok(())
}

/// A resource as the tests name it.
fn named(resource: &Value) -> Result<String> {
    let attribute = resource["Fn::GetAtt"]
        .as_array()
        .map(|parts| parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("."));
    // With variables of its own, a substitution is a list of the text and these.
    let substitution = each(&resource["Fn::Sub"]).first().and_then(|text| text.as_str());
    let text = match attribute.as_deref().or(substitution) {
        Some(text) => text.replace("${", "").replace('}', ""),
        None => bail!("a right is for no resource of this template: {resource}"),
    };
    Ok(match text.split_once(".Arn").map_or((text.as_str(), ""), |parts| parts) {
        ("Records", path) => format!("records{path}"),
        ("IdempotencyKeys", "") => "idempotency".to_owned(),
        ("Attachments", "") => "bucket".to_owned(),
        ("Attachments", path) => format!("bucket {}", path.trim_start_matches('/')),
        ("DeadLetters", "") => "dead letters".to_owned(),
        ("Records.StreamArn", _) => "stream".to_owned(),
        (log, "") if log.ends_with("Log") => format!("{} log", log.trim_end_matches("Log").to_lowercase()),
        _ if text.contains(":ses:") => "sender".to_owned(),
        _ => bail!("a right is for something that no test knows: {text}"),
    })
}
