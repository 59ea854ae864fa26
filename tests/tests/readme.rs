//! The walkthrough in the READMEs. Where `curl` and `sh` are there, it's run as it stands, against the whole system on
//! a port of its own; where they aren't, what is left is that each of its requests is one the system answers.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use axum::Router;
use local::{desk, serve::LoopbackServer};
use serde_json::Value;
use std::{collections::BTreeSet, path::Path, process::Command};
use tests::World;

const README: &str = include_str!("../../README.md");
const README_IN_CHINESE: &str = include_str!("../../README.zh-CN.md");
const OPENAPI: &str = include_str!("../../infra/openapi.json");

/// What the walkthrough may call besides the API.
const LOCAL: [(&str, &str); 6] = [
    ("GET", "/"),
    ("GET", "/mailbox"),
    ("GET", "/local/accounts/{username}/code"),
    ("GET", "/local/clock"),
    ("PUT", "/local/clock"),
    ("POST", "/local/jobs/{job}"),
];

/// Any request that is refused stops the walkthrough, and is named in the file `$FAILED`.
const STRICT: &str = r#"set -eu
curl() { command curl --fail "$@" || { echo "curl $*" >> "$FAILED"; return 1; }; }
"#;

#[test]
fn both_readmes_walk_through_the_same_commands() {
    let (one, other) = (commands(README), commands(README_IN_CHINESE));
    for (one, other) in one.lines().zip(other.lines()) {
        assert_eq!(one, other);
    }
    assert_eq!(one.len(), other.len(), "one goes on where the other ends");
}

#[test]
fn each_request_of_the_walkthrough_is_one_that_the_system_answers() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut answered: BTreeSet<_> = LOCAL.map(|(method, path)| request(method, path)).into();
    for (path, methods) in document["paths"].as_object().unwrap() {
        answered.extend(methods.as_object().unwrap().keys().map(|method| request(method, path)));
    }
    let asked = requests(&commands(README));
    assert!(asked.len() >= 20, "{asked:#?}");
    assert_eq!(asked.difference(&answered).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walkthrough_leads_to_a_registration_number_and_three_years_later_to_its_renewal() {
    if !["curl", "sh"].into_iter().all(there_is) {
        println!("no curl, or no sh: the walkthrough isn't run");
        return;
    }
    let world = World::new().await;
    let server = LoopbackServer::start(pages(&world), 0).await.unwrap();
    let (base, folder) = (server.url(), world.folder().to_owned());
    let told = tokio::task::spawn_blocking(move || run(&base, &folder)).await.unwrap();

    let lines: Vec<_> = told.lines().collect();
    let receipts: Vec<_> = lines.iter().filter(|line| line.starts_with("receipt 20260302-")).collect();
    assert!(receipts.len() == 2 && receipts[0] == receipts[1], "one submission, sent twice: {told}");
    let approved = lines.iter().find_map(|line| line.strip_prefix("通过 ")).expect("an approval");
    assert!(approved.len() == 15 && approved.bytes().all(|byte| byte.is_ascii_digit()), "{approved}");
    assert!(lines.contains(&format!("{approved} is valid until 2032-03-02").as_str()), "{told}");
    let [.., one, several] = lines[..] else { panic!("{told}") };
    assert!(one.contains(r#""standing":"valid""#) && one.contains(r#""name":"林**""#), "{one}");
    for told in [r#""standing":"valid""#, r#""registration_number_check_digit""#, r#""standing":"unknown""#] {
        assert!(several.contains(told), "{several}");
    }
    assert!(lines.iter().any(|line| line.starts_with(r#"{"planned":1,"#)), "a reminder is planned: {told}");

    let mails = world.mails().await;
    let subjects: Vec<_> = mails.iter().map(|mail| mail.summary.subject.as_str()).collect();
    let expected = ["已提交成功", "登记成功", "今天是最后一天", "继续教育已记录", "已提交成功", "再登记成功"];
    assert_eq!(subjects.len(), expected.len(), "{subjects:?}");
    for (subject, expected) in subjects.iter().zip(expected) {
        assert!(subject.starts_with(expected), "{subjects:?}");
    }
}

/// What a started system shows on its port, but for the reference.
fn pages(world: &World) -> Router {
    desk::router(&world.system, world.folder().to_owned())
        .merge(world.system.mailbox.router())
        .fallback_service(world.system.api.clone())
}

/// Runs the walkthrough and gives what it printed.
fn run(base: &str, folder: &Path) -> String {
    let failed = folder.join("failed-requests");
    let run = Command::new("sh")
        .arg("-c")
        .arg(format!("{STRICT}{}", commands(README)))
        .current_dir(folder)
        // It makes its files in a temporary folder: one that goes with this test.
        .env("TMPDIR", folder)
        .env("NO_PROXY", "127.0.0.1")
        .env("FAILED", &failed)
        .env("BASE", base)
        .output()
        .unwrap();
    let told = String::from_utf8(run.stdout).unwrap();
    let refused = std::fs::read_to_string(failed).unwrap_or_default();
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && refused.is_empty(), "{told}\n{errors}\n{refused}");
    told
}

fn there_is(program: &str) -> bool {
    let arguments: &[&str] = if program == "sh" { &["-c", ":"] } else { &["--version"] };
    Command::new(program).args(arguments).output().is_ok_and(|run| run.status.success())
}

/// The `sh` blocks between the two marks, one after the other.
fn commands(readme: &str) -> String {
    let (_, rest) = readme.split_once("<!-- walkthrough: begin -->").expect("where it begins");
    let (walkthrough, _) = rest.split_once("<!-- walkthrough: end -->").expect("where it ends");
    let blocks =
        walkthrough.split("```sh\n").skip(1).map(|block| block.split_once("```").expect("its end").0);
    blocks.collect()
}

/// The requests that `commands` makes of `$BASE`, each as [`request`] writes it.
fn requests(commands: &str) -> BTreeSet<String> {
    let joined = commands.replace("\\\n", " ");
    let calls = joined.split("curl -sS").skip(1).filter_map(|call| {
        let call = call.split_once('\n').map_or(call, |(line, _)| line);
        let path = quoted(call.split_once("\"$BASE")?.1);
        let method = match call.split_once("-X ") {
            Some((_, rest)) => rest.split_whitespace().next()?,
            None if call.contains(" -d ") => "POST",
            None => "GET",
        };
        Some(request(method, &path))
    });
    calls.collect()
}

/// The text up to the closing quote, with `*` for what the shell fills in.
fn quoted(text: &str) -> String {
    let (mut path, mut depth) = (String::new(), 0_u32);
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '"' if depth == 0 => break,
            _ if depth == 0 => path.push(character),
            _ => {}
        }
    }
    let filled = |segment: &str| if segment.contains('$') { "*".to_owned() } else { segment.to_owned() };
    path.split('/').map(filled).collect::<Vec<_>>().join("/")
}

/// `POST /v1/applications/*/submission`. A segment that is a parameter is a `*`, and so is a job's name.
fn request(method: &str, path: &str) -> String {
    let segment = |segment: &str| match segment {
        "daily" => "*".to_owned(),
        parameter if parameter.starts_with('{') => "*".to_owned(),
        other => other.to_owned(),
    };
    let path = path.split('/').map(segment).collect::<Vec<_>>().join("/");
    format!("{} {path}", method.to_uppercase())
}
