//! What each function has to be allowed: the calls it was seen to make, put as rights. `infra/rights.snap` has them, and
//! `cargo xtask template` compares that with the policies of the deployed stack.

use super::ledger::Ledger;
use local::{staff, wechat::SendTrouble};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::{Reply, wire::Access};

/// Rights by function, each one `action resource keys`.
type Rights = BTreeMap<String, BTreeSet<String>>;

/// What nobody counts the cost of, since it costs what others cost, and still takes rights: retries with a key where
/// others were counted, downloads, a member of staff who signs out, an application that's closed since nobody mended it, a
/// registration that is changed at once.
pub async fn rarer(ledger: &Ledger) {
    let world = &ledger.world;
    let registered = world.holder("person2").await;
    let change = registered.open("change").await;
    registered.edit(&change, json!({ "mobile": "13900139000", "declaration": true })).await.expect(200);
    registered.submit(&change).await.expect(200);

    let holder = world.holder("rarer").await;
    let application = holder.ready_first(40).await;
    let twice =
        async |person: &tests::Person<'_>, path: &str, body: Option<Value>, headers: &[(&str, &str)]| {
            let keyed = [headers, &[("Idempotency-Key", path)]].concat();
            for _ in 0..2 {
                let reply = person.send("POST", path, body.clone(), &keyed).await;
                assert!(reply.status.is_success(), "{:#}", reply.body);
            }
        };
    let other = holder.attach(&application, "other").await;
    let place = json!({ "kind": "other", "file_name": "b.jpg", "content_type": "image/jpeg", "size": 9 });
    twice(&holder, &format!("/v1/applications/{application}/attachments"), Some(place), &[]).await;
    download(&holder.get(&format!("/v1/attachments/{other}")).await.expect(200), "/url").await;

    for _ in 0..2 {
        let path = format!("/v1/attachments/{other}");
        holder.send("DELETE", &path, None, &[("Idempotency-Key", "gone")]).await.expect(200);
    }

    holder.submit(&application).await.expect(200);
    // While it waits, a file that's added or removed amends it.
    let added = holder.attach(&application, "other").await;
    holder.send("DELETE", &format!("/v1/attachments/{added}"), None, &[]).await.expect(200);
    let reviewer = world.staff("chushen").await;
    let path = format!("/v1/review/applications/{application}");
    twice(&reviewer, &format!("{path}/claim"), None, &[]).await;
    let opened = reviewer.get(&path).await.expect(200);
    download(&opened, "/downloads/0/url").await;
    let back = json!({ "outcome": "return", "reasons": [{ "ground": "not_eligible" }] });
    // A message that WeChat is too busy for, which the sweep finds refused, once the token has ended.
    let wechat = &world.system.wechat;
    wechat.accept("rarer", "local-review");
    let accepted = json!({ "answers": { "local-review": "accept" } });
    let key = [("Idempotency-Key", "accepted")];
    holder.send("POST", "/v1/me/subscriptions", Some(accepted), &key).await.expect(200);
    wechat.fail_sends(1, SendTrouble::Errcode(-1));
    twice(&reviewer, &format!("{path}/decision"), Some(back), &[("If-Match", &opened.etag())]).await;
    let returned = holder.get(&format!("/v1/applications/{application}")).await.expect(200);
    world.mails().await;
    wechat.refuse_all("rarer");
    world.put_day(returned.text("/mend_by").parse::<domain::date::CalendarDate>().unwrap().plus_days(1));
    assert!(world.run_job().await.expired > 0);

    let keys = &world.system.keys;
    let code = staff::code(keys, "zhongshen", world.now()).unwrap().unwrap();
    let credentials = json!({ "username": "zhongshen", "password": keys.staff_password, "code": code });
    let signed_in = world.nobody().post("/v1/session/staff", credentials).await.expect(200);
    let token = json!({ "refresh_token": signed_in.text("/refresh_token") });
    world.nobody().send("DELETE", "/v1/session", Some(token), &[]).await.expect(204);
}

async fn download(reply: &Reply, url: &str) {
    let response = reqwest::get(reply.text(url)).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
}

/// Compares what was seen with what is on record.
pub async fn assert_recorded(ledgers: &[&Ledger]) {
    let mut rights = Rights::new();
    for ledger in ledgers {
        ledger.world.mails().await;
        ledger.all.borrow_mut().extend(ledger.wire.take());
        gather(ledger, &mut rights);
    }
    insta::with_settings!({
        snapshot_path => "../../../infra",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        description => "What each function was seen to do: action, resource, keys. Made by the test of what calls cost.",
    }, { insta::assert_json_snapshot!("rights", rights) });
}

/// What `ledger` saw, put as rights.
fn gather(ledger: &Ledger, rights: &mut Rights) {
    // What the operator does when a system is set up is no function's right.
    for call in ledger.all.borrow().iter().filter(|call| call.caller != "operator") {
        assert!(!call.caller.is_empty() && !call.accesses.is_empty(), "{call:?}");
        let rights = rights.entry(call.caller.clone()).or_default();
        rights.extend(call.accesses.iter().map(of_table));
    }
    for access in ledger.world.system.s3().access_log().take() {
        let rights = rights.entry(access.requester).or_default();
        rights.extend(of_bucket(&access.operation, access.key.as_deref()));
    }
}

/// `dynamodb:PutItem records HOLDER#*`: the kind of partition, or the index, whose keys are of one kind anyway.
fn of_table(Access { action, table, index, key }: &Access) -> String {
    let resource = if table.ends_with("idempotency") { "idempotency" } else { "records" };
    match (index, key.split_once('#')) {
        (Some(index), _) => format!("dynamodb:{action} {resource}/index/{index}"),
        (None, _) if resource == "idempotency" => format!("dynamodb:{action} {resource}"),
        (None, Some(("KEYS", _)) | None) => format!("dynamodb:{action} {resource} {key}"),
        (None, Some((kind, _))) => format!("dynamodb:{action} {resource} {kind}#*"),
    }
}

/// `s3:GetObject bucket attachments/*`. IAM has other names than the API where one right covers several operations.
fn of_bucket(operation: &str, key: Option<&str>) -> Vec<String> {
    let folder = key.and_then(|key| key.split_once('/')).map(|(folder, _)| format!("{folder}/*"));
    let folder = folder.unwrap_or_default();
    match operation {
        // Who may not list the bucket is told 403 of a file that isn't there, and not 404.
        "HeadObject" | "GetObject" if folder != "attachments/*" => {
            vec![format!("s3:GetObject bucket {folder}"), "s3:ListBucket bucket".to_owned()]
        }
        "HeadObject" => vec![format!("s3:GetObject bucket {folder}")],
        // The form has the key, which it's signed for; tests of the form see to it that it lies there.
        "PostObject" => vec!["s3:PutObject bucket uploads/*".to_owned()],
        "ListObjectsV2" => vec!["s3:ListBucket bucket".to_owned()],
        // The object it copies from is in a header; there is one place it can come from.
        "CopyObject" => {
            vec![format!("s3:PutObject bucket {folder}"), "s3:GetObject bucket uploads/*".to_owned()]
        }
        other => vec![format!("s3:{other} bucket {folder}")],
    }
}
