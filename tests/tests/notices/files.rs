//! Files that come with a notice: up by a signed form, looked at, down by a signed address.

use super::{WUCHANG, act, administrator, draft, drafted, holder, in_district, published, withdraw};
use serde_json::{Value, json};
use tests::{Person, Reply, World, tiny_jpeg, upload};

fn announced(size: usize) -> Value {
    json!({ "file_name": "日程.jpg", "content_type": "image/jpeg", "size": size })
}

/// Asks for a place for `bytes` and uploads them there; gives the file's id.
async fn uploaded(staff: &Person<'_>, notice: &str, bytes: Vec<u8>) -> String {
    let place = act(staff, "POST", notice, "files", Some(announced(bytes.len()))).await.expect(201);
    assert_eq!(upload(&place.body["upload"], "a.jpg", "image/jpeg", bytes).await, 201);
    place.text("/file/id")
}

async fn confirm(staff: &Person<'_>, notice: &str, file: &str) -> Reply {
    act(staff, "POST", notice, &format!("files/{file}/confirmation"), None).await
}

#[tokio::test]
async fn whoever_may_read_the_notice_may_fetch_its_files_and_nobody_else() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let id = drafted(&staff, draft("附件")).await;
    let file = uploaded(&staff, &id, tiny_jpeg()).await;
    let waiting = uploaded(&staff, &id, tiny_jpeg()).await;
    let confirmed = confirm(&staff, &id, &file).await.expect(200);
    assert_eq!(confirmed.text("/files/0/file_name"), "日程.jpg");
    assert_eq!(confirm(&staff, &id, &file).await.expect(200).etag(), confirmed.etag(), "again is the same");
    act(&staff, "POST", &id, "publication", None).await.expect(200);

    let (zhang, away) =
        (holder(&world, "zhang", WUCHANG).await, holder(&world, "away", in_district("430102")).await);
    let path = format!("/v1/notices/{id}/files/{file}");
    let shown = zhang.get(&path).await.expect(200);
    let fetched = reqwest::get(shown.text("/url")).await.unwrap();
    assert!(fetched.headers()["content-disposition"].to_str().unwrap().contains("filename"));
    assert_eq!(fetched.bytes().await.unwrap(), tiny_jpeg());
    let opened = zhang.get(&format!("/v1/notices/{id}")).await.expect(200);
    assert_eq!(opened.body["files"].as_array().unwrap().len(), 1, "what waits isn't shown");
    let hidden = zhang.get(&format!("/v1/notices/{id}/files/{waiting}")).await.expect(404);
    assert_eq!(hidden.code(), "unknown_notice_file");
    assert_eq!(away.get(&path).await.expect(404).code(), "unknown_notice");
    let hunan = administrator(&world, Some("43")).await;
    assert_eq!(hunan.get(&format!("/v1/staff{}", &path[3..])).await.expect(404).code(), "unknown_notice");
    withdraw(&staff, &id).await.expect(200);
    assert_eq!(zhang.get(&path).await.expect(404).code(), "unknown_notice");
    staff.get(&format!("/v1/staff{}", &path[3..])).await.expect(200);
}

#[tokio::test]
async fn a_file_that_isnt_what_was_announced_is_refused() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let id = drafted(&staff, draft("附件")).await;
    let refuse = async |bytes: &[u8], announced: Value, code: &str| {
        let place = act(&staff, "POST", &id, "files", Some(announced)).await.expect(201);
        upload(&place.body["upload"], "a.jpg", "image/jpeg", bytes.to_vec()).await;
        let file = place.text("/file/id");
        let refused = confirm(&staff, &id, &file).await;
        assert_eq!(refused.code(), code);
        act(&staff, "DELETE", &id, &format!("files/{file}"), None).await.expect(200);
    };
    let script = b"<script>alert(1)</script>";
    refuse(script, announced(script.len()), "attachment_mismatch").await;
    refuse(&tiny_jpeg(), announced(tiny_jpeg().len() + 1), "attachment_mismatch").await;
    let mut hashed = announced(tiny_jpeg().len());
    hashed["sha256"] = json!("00".repeat(32));
    // The form takes no other file than the one announced, so that nothing is there.
    refuse(&tiny_jpeg(), hashed, "attachment_not_uploaded").await;

    for (field, value, code) in [
        ("size", json!(0), "attachment_mismatch"),
        ("size", json!(10 * 1024 * 1024 + 1), "attachment_too_large"),
        ("content_type", json!("text/html"), "invalid_fields"),
        ("sha256", json!("x"), "invalid_fields"),
    ] {
        let mut wrong = announced(10);
        wrong[field] = value;
        assert_eq!(act(&staff, "POST", &id, "files", Some(wrong)).await.expect(422).code(), code, "{field}");
    }
}

#[tokio::test]
async fn a_notice_has_ten_files_at_the_most_and_may_lose_one() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let id = published(&world, &staff, draft("附件")).await;
    let mut files = Vec::new();
    for _ in 0..10 {
        files.push(act(&staff, "POST", &id, "files", Some(announced(9))).await.expect(201).text("/file/id"));
    }
    let eleventh = act(&staff, "POST", &id, "files", Some(announced(9))).await.expect(409);
    assert_eq!(eleventh.code(), "notice_too_many_files");
    act(&staff, "DELETE", &id, &format!("files/{}", files[0]), None).await.expect(200);
    let gone = act(&staff, "DELETE", &id, &format!("files/{}", files[0]), None).await.expect(404);
    assert_eq!(gone.code(), "unknown_notice_file");
    act(&staff, "POST", &id, "files", Some(announced(9))).await.expect(201);
    // A place that nothing was uploaded to is given up after a day.
    world.put("2026-03-03T12:00:00+08:00");
    let staff = world.staff("admin").await;
    let place = act(&staff, "POST", &id, "files", Some(announced(9))).await.expect(201);
    let found = staff.get(&format!("/v1/staff/notices/{id}")).await.expect(200);
    assert_eq!(found.body["pending_files"].as_array().unwrap().len(), 1);
    // Another notice's file isn't this one's, whoever asks.
    let other = drafted(&staff, draft("别的")).await;
    let path = format!("files/{}", place.text("/file/id"));
    for method in ["GET", "DELETE"] {
        assert_eq!(act(&staff, method, &other, &path, None).await.expect(404).code(), "unknown_notice_file");
    }
}
