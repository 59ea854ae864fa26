//! What is on a certificate, that its code proves it, and that it's printed once.

use crate::{approve, both, fetch, rename, scan};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use common::{auth::keys::PublicKey, statement::Scanned};
use domain::certificate::CertificateLevel;
use serde_json::json;
use std::{fs, path::PathBuf};
use tests::{World, form};

/// What the bucket was asked by the function that prints.
fn asked(world: &World) -> Vec<String> {
    let log = world.system.s3().access_log().take().into_iter();
    let ours = log.filter(|access| access.requester == "certificate");
    ours.map(|access| access.operation).collect()
}

/// The prints in the bucket of registration `number`.
fn prints(world: &World, number: &str) -> Vec<PathBuf> {
    let folder = world.folder().join("s3/attachments/certificates").join(number);
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn its_text_is_the_record_and_its_code_proves_it_online_and_offline() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let (shown, paper) = fetch(&holder, &number).await;
    assert_eq!(shown.text("/registration_number"), number);
    assert_eq!(shown.text("/valid_until"), "2029-03-02");
    assert_eq!((&shown.body["edition"], &shown.body["in_force"]), (&1.into(), &true.into()));
    let management_number = form(1)["management_number"].as_str().unwrap().to_owned();
    let text = paper.text();
    for said in [
        "社会工作者登记证（电子）",
        "姓名张晓雯级别",
        "级别助理社会工作师",
        &format!("证书管理号{management_number}登记号"),
        &format!("登记号{number}首次登记"),
        "首次登记2026年3月2日",
        "有效期2026年3月2日至2029年3月2日",
        "登记状态有效湖北省社会工作者登记管理机构",
        "发证日期：2026年3月2日版次：第1版",
        "https://registry.example.com",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert!(!text.contains("未提供照片") && !text.contains(&tests::identity_number(1)), "{text}");

    // A stranger with the published keys and no network, and one with.
    let published = world.nobody().get("/v1/verify/keys").await.expect(200);
    let keys = published.body["keys"].as_array().unwrap().iter().map(|key| {
        let bytes = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
        STANDARD.encode(bytes).parse::<PublicKey>().unwrap()
    });
    let said = Scanned::read(&paper.statement()).unwrap().check(keys).unwrap();
    assert_eq!((said.number.as_str(), said.name.as_str(), said.edition), (&*number, "张晓雯", 1));
    assert_eq!(said.level, CertificateLevel::AssistantSocialWorker);
    assert_eq!(said.valid_until.to_string(), "2029-03-02");
    assert_eq!(scan(&world, &paper).await, both("valid"));
}

#[tokio::test]
async fn it_is_printed_once_and_would_be_the_same_again() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    asked(&world);
    let (_, first) = fetch(&holder, &number).await;
    // Whether it's there; the photo; the print; and its download, which was signed here.
    assert_eq!(asked(&world), ["HeadObject", "GetObject", "PutObject", "GetObject"]);
    world.put("2026-06-01T10:00:00+08:00");
    let staff = world.staff("admin").await;
    let (_, second) = fetch(&staff, &number).await;
    assert_eq!(asked(&world), ["HeadObject", "GetObject"]);
    assert!(first == second);

    let [print] = &prints(&world, &number)[..] else { panic!("one print") };
    fs::remove_file(print).unwrap();
    let (_, again) = fetch(&staff, &number).await;
    assert!(first == again, "the same registration makes the same bytes");
    assert!(first.0.len() < 300_000, "{}", first.0.len());
}

#[tokio::test]
async fn after_a_change_of_name_there_is_another_and_the_old_one_verifies_as_replaced() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let (_, old) = fetch(&holder, &number).await;
    rename(&world, &holder, "张晓文").await;
    let (shown, new) = fetch(&holder, &number).await;
    assert_eq!(shown.body["edition"], 2);
    let text = new.text();
    assert!(text.contains("姓名张晓文") && text.contains("第2版") && !text.contains("张晓雯"), "{text}");
    assert_eq!(scan(&world, &old).await, ("replaced".to_owned(), "valid".to_owned()));
    assert_eq!(scan(&world, &new).await, both("valid"));
    assert_eq!(prints(&world, &number).len(), 2);
}

#[tokio::test]
async fn after_another_photo_there_is_another_and_the_old_one_verifies_as_replaced() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let (_, old) = fetch(&holder, &number).await;
    let change = holder.open("change").await;
    // The same portrait but for what is said of it in a comment: other bytes, the same picture.
    let comment = [&[0xFF, 0xFE, 0, 9][..], b"another"].concat();
    let portrait = tests::portrait();
    let other = [&portrait[..2], &comment, &portrait[2..]].concat();
    holder.attach_file(&change, "photo", other).await;
    holder.edit(&change, json!({ "mobile": "13900139000", "declaration": true })).await.expect(200);
    holder.submit(&change).await.expect(200);
    let (shown, same) = fetch(&holder, &number).await;
    assert!(shown.body["edition"] == 1 && same == old, "not before it's approved");
    approve(&world, &change).await;
    let (shown, new) = fetch(&holder, &number).await;
    assert!(shown.body["edition"] == 2 && new.text().contains("第2版"), "{}", new.text());
    assert_eq!(scan(&world, &old).await, ("replaced".to_owned(), "valid".to_owned()));
    assert_eq!(scan(&world, &new).await, both("valid"));
}
