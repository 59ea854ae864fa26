//! Whether a new version takes over step by step where a profile says so, and who rolls it back. Emulators deploy without,
//! so nothing else would notice.

use super::translated::{Translated, each};
use serde_json::Value;

/// The functions that have versions.
const VERSIONED: [&str; 8] =
    ["Attachment", "Certificate", "Education", "Notice", "Registry", "Review", "Session", "Submission"];
/// The alarms that stop a version.
const ALARMS: [&str; 4] = ["ServerErrors", "Slow", "FunctionErrors", "Throttles"];

/// What is off in the translation for a profile with a canary.
pub fn differences(translated: &Translated) -> Vec<String> {
    let mut found = Vec::new();
    let shifted =
        |(_, alias): &(&str, &Value)| !alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"].is_null();
    let aliases: Vec<_> = translated.whole("AWS::Lambda::Alias").filter(shifted).collect();
    for function in VERSIONED {
        if !aliases.iter().any(|(id, _)| id.starts_with(function)) {
            found.push(format!("{function} isn't taken over step by step"));
        }
    }
    let groups: Vec<_> = translated.of_type("AWS::CodeDeploy::DeploymentGroup").collect();
    if groups.len() != VERSIONED.len() {
        found.push(format!("there are {} deployment groups", groups.len()));
    }
    for (id, group) in groups {
        let alarms = &group["AlarmConfiguration"];
        // Where everything is watched, as by default.
        let alarms = each(&alarms.get("Fn::If").map_or(alarms, |branches| &branches[1])["Alarms"]);
        let named: Vec<_> = alarms.iter().filter_map(|alarm| alarm["Name"]["Ref"].as_str()).collect();
        if named != ALARMS {
            found.push(format!("{id} is rolled back by {named:?}"));
        }
        if group["ServiceRoleArn"]["Fn::GetAtt"][0] != "RolloutRole" {
            found.push(format!("{id} has another role than RolloutRole"));
        }
    }
    found
}
