//! The papers as whoever is handed one has them: a PDF that says what is signed, whose code leads to the same.

use crate::{from_beijing, leave, ready_to_arrive, seminar};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use common::{crypto::sha256, statement::Signer};
use domain::transfer::{HoursStatement, canonical_json};
use ed25519_compact::{PublicKey, Signature};
use serde_json::{Value, json};
use tests::{Person, Reply, World, paper::Paper};

/// A paper of registration `number`, as `who` gets it: as data, and the file.
async fn fetch(who: &Person<'_>, number: &str, paper: &str) -> (Reply, Paper) {
    let reply = who.get(&format!("/v1/registrations/{number}/{paper}")).await.expect(200);
    let pdf = Paper::fetch(&reply, "/pdf/url", number).await;
    (reply, pdf)
}

/// What the QR code on `paper` holds, which leads to the portal.
fn proof(paper: &Paper) -> String {
    let code = paper.qr();
    let proof = code.strip_prefix("https://registry.example.com/verify/paper?s=");
    proof.unwrap_or_else(|| panic!("{code}")).to_owned()
}

/// A stranger scans the QR code that holds `proof`.
async fn scan(world: &World, proof: &str) -> Reply {
    world.nobody().get(&format!("/v1/verify/paper?s={proof}")).await
}

/// A holder who registered today, and has done some hours: their registration's number.
async fn registered(world: &World) -> String {
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let id = holder.get("/v1/me").await.expect(200).text("/holder_id");
    world.record_hours(&id, "2026-03-02", "2026-03-02", 365).await;
    number
}

/// What is in `proof`, read and verified as the API reference has it, offline, by another implementation of Ed25519: the
/// kind, the registration number, the day, the tenths of hours, and the digest.
async fn offline(world: &World, proof: &str) -> (u8, u64, u32, u32, Vec<u8>) {
    let bytes = BASE64.decode(proof).unwrap();
    let (content, signature) = bytes.split_at(bytes.len() - 64);
    let published = world.nobody().get("/v1/verify/keys").await.expect(200);
    let keys = published.body["keys"].as_array().unwrap();
    let named = BASE64.encode(&content[1..7]);
    let key = keys.iter().find(|key| key["kid"].as_str().unwrap()[..8] == named).unwrap();
    let key = PublicKey::from_slice(&BASE64.decode(key["x"].as_str().unwrap()).unwrap()).unwrap();
    let signed = [b"social-worker-registry/paper/1\0", content].concat();
    key.verify(signed, &Signature::from_slice(signature).unwrap()).unwrap();
    assert_eq!((content[0], content.len()), (1, 55));
    let number = |from: usize, to: usize| {
        content[from..to].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let four = |from: usize| u32::try_from(number(from, from + 4)).unwrap();
    (content[7], number(8, 15), four(15), four(19), content[23..].to_vec())
}

#[tokio::test]
async fn a_statement_says_what_the_record_says_and_its_code_leads_to_the_same() {
    let world = World::new().await;
    let number = registered(&world).await;
    let holder = world.holder("zhang").await;
    let (reply, paper) = fetch(&holder, &number, "hours-statement").await;
    let document = &reply.body["document"];
    let path = format!("/v1/registrations/{number}/hours-statement?pdf=false");
    let data = holder.get(&path).await.expect(200).body;
    assert_eq!(data, json!({ "document": document, "signature": reply.body["signature"] }));

    let text = paper.text();
    for said in [
        "社会工作者继续教育学时证明截至2026年3月2日",
        &format!("姓名{}级别助理社会工作师", document["registration"]["name"].as_str().unwrap()),
        &format!("居民身份证{}", document["registration"]["identity_number_masked"].as_str().unwrap()),
        &format!("登记号{number}"),
        &format!("证书管理号{}", document["registration"]["management_number"].as_str().unwrap()),
        "登记状态有效有效期至2029年3月2日",
        "登记周期2026年3月2日至2029年3月2日转往未转出",
        "计入尚缺全部9036.536.536.553.5",
        "12026-03-02社会工作实务线上学习其他专业内容已记录36.536.536.5特此证明。",
        "湖北省社会工作者登记管理机构2026年3月2日",
        "核验方法：扫描末页二维码",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert!(!text.contains(&tests::identity_number(1)), "{text}");

    let proof = proof(&paper);
    let digest = sha256(&canonical_json(document).unwrap());
    let expected = (1, number.parse().unwrap(), 20_260_302, 365, digest.to_vec());
    assert_eq!(offline(&world, &proof).await, expected);
    let seen = scan(&world, &proof).await.expect(200);
    assert_eq!(&seen.body["document"], document, "to be compared with what is on the page");
    assert_eq!(
        (&seen.body["current"], &seen.body["paper"], seen.text("/number")),
        (&json!(true), &json!("hours_statement"), number)
    );
    assert_eq!((seen.text("/day"), seen.text("/sha256")), ("2026-03-02".into(), hex::encode(digest)));
    assert_eq!(
        (seen.text("/title"), &seen.body["counted"]),
        (document["title"].as_str().unwrap().into(), &json!(36.5))
    );
    assert!(seen.text("/detail").contains("逐项核对"), "{:#}", seen.body);
}

#[tokio::test]
async fn no_character_of_a_papers_code_can_be_another() {
    let world = World::new().await;
    let number = registered(&world).await;
    let (_, paper) = fetch(&world.holder("zhang").await, &number, "hours-statement").await;
    let good = proof(&paper);
    assert_eq!(good.len(), 159);
    for place in 0..good.len() {
        let other = if good.as_bytes()[place] == b'B' { "C" } else { "B" };
        let tampered = [&good[..place], other, &good[place + 1..]].concat();
        let refused = scan(&world, &tampered).await.expect(422);
        let code = refused.text("/errors/0/code");
        assert!(code.starts_with("statement_"), "{place}: {code}");
    }
    // What is signed otherwise isn't taken for one, nor one for that.
    let certificate =
        world.holder("zhang").await.get(&format!("/v1/registrations/{number}/certificate")).await;
    let certificate = Paper::fetch(&certificate, "/url", &number).await.qr();
    let (_, statement) = certificate.split_once("?s=").unwrap();
    scan(&world, statement).await.expect(422);
    world.nobody().get(&format!("/v1/verify?s={good}")).await.expect(422);
    let missing = world.nobody().get("/v1/verify/paper").await.expect(422);
    assert_eq!(missing.text("/errors/0/code"), "required");
    // Somebody else's key, with everything else right.
    let reply = world.holder("zhang").await.get(&format!("/v1/registrations/{number}/hours-statement")).await;
    let document: HoursStatement = serde_json::from_value(reply.body["document"].clone()).unwrap();
    let theirs = Signer::new(&"KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio=".parse().unwrap()).unwrap();
    let forged = theirs.proof(&document, &canonical_json(&document).unwrap());
    let refused = scan(&world, &forged).await.expect(422);
    assert_eq!(refused.text("/errors/0/code"), "statement_key_unknown");
}

#[tokio::test]
async fn a_paper_is_printed_once_and_would_be_the_same_again() {
    let world = World::new().await;
    let number = registered(&world).await;
    let holder = world.holder("zhang").await;
    let asked = || -> Vec<String> {
        let log = world.system.s3().access_log().take().into_iter();
        log.filter(|access| access.requester == "certificate").map(|access| access.operation).collect()
    };
    asked();
    let (_, first) = fetch(&holder, &number, "hours-statement").await;
    // Whether it's there; the print; and its download, which was signed here.
    assert_eq!(asked(), ["HeadObject", "PutObject", "GetObject"]);
    let (_, second) = fetch(&world.staff("admin").await, &number, "hours-statement").await;
    assert_eq!(asked(), ["HeadObject", "GetObject"]);
    let folder = world.folder().join("s3/attachments/certificates").join(&number);
    let prints =
        || std::fs::read_dir(&folder).unwrap().map(|print| print.unwrap().path()).collect::<Vec<_>>();
    let [print] = &prints()[..] else { panic!("one print") };
    std::fs::remove_file(print).unwrap();
    let (_, third) = fetch(&holder, &number, "hours-statement").await;
    assert!(first == second && second == third, "the same paper makes the same bytes");
    assert!(first.0.len() < 300_000, "{}", first.0.len());
    holder.get(&format!("/v1/registrations/{number}/hours-statement?pdf=false")).await.expect(200);
    assert_eq!(asked(), ["HeadObject", "PutObject", "GetObject"], "nothing for the data alone");
    // The next day it's another one, though nothing was done.
    world.put("2026-03-03T10:00:00+08:00");
    let (_, fourth) = fetch(&world.holder("zhang").await, &number, "hours-statement").await;
    assert!(fourth != first && fourth.text().contains("截至2026年3月3日"), "{}", fourth.text());
    assert_eq!(prints().len(), 2);
}

#[tokio::test]
async fn one_that_the_register_has_gone_beyond_is_told_as_that() {
    let world = World::new().await;
    let number = registered(&world).await;
    let holder = world.holder("zhang").await;
    let (_, paper) = fetch(&holder, &number, "hours-statement").await;
    let proof = proof(&paper);
    // Days alone change nothing of what it says of its own.
    world.put("2026-05-01T10:00:00+08:00");
    assert_eq!(scan(&world, &proof).await.expect(200).body["current"], true);
    let id = world.holder("zhang").await.get("/v1/me").await.expect(200).text("/holder_id");
    world.record_hours(&id, "2026-03-02", "2026-04-01", 10).await;
    let seen = scan(&world, &proof).await.expect(200);
    assert_eq!((&seen.body["current"], &seen.body["document"]), (&json!(false), &Value::Null));
    assert_eq!(seen.body["counted"], json!(36.5), "as it was signed");
    assert!(seen.text("/detail").contains("重新下载"), "{:#}", seen.body);
}

#[tokio::test]
async fn the_letter_says_that_it_ended_and_both_papers_are_the_same_for_good() {
    let world = World::new().await;
    let number = registered(&world).await;
    world.put("2026-04-10T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    leave(&world, &holder).await;
    let (reply, letter) = fetch(&holder, &number, "transfer-letter").await;
    let (of_hours, statement) = fetch(&holder, &number, "hours-statement").await;
    let text = letter.text();
    for said in [
        "社会工作者登记转出证明",
        &format!("编号：ZC{number}"),
        "北京市社会工作者登记管理机构：",
        &format!("（登记号{number}）原在我机构登记，已于2026年4月10日办理登记转出，转往北京市，"),
        "登记状态已转出（2026年4月10日）有效期至2029年3月2日",
        "转往北京市转出日期2026年4月10日",
        "9036.553.5",
        "湖北省社会工作者登记管理机构2026年4月10日",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
    let text = statement.text();
    for said in ["截至2026年4月10日", "登记状态已转出（2026年4月10日）", "转往北京市"] {
        assert!(text.contains(said), "{said} in {text}");
    }
    let proofs = [proof(&letter), proof(&statement)];
    let digest = sha256(&canonical_json(&reply.body["document"]).unwrap());
    assert_eq!(
        offline(&world, &proofs[0]).await,
        (2, number.parse().unwrap(), 20_260_410, 365, digest.to_vec())
    );

    // Ten years later too, when the records are none of the working set any more.
    for time in ["2026-04-10T10:00:00+08:00", "2036-05-01T10:00:00+08:00"] {
        world.put(time);
        let holder = world.holder("zhang").await;
        assert!(fetch(&holder, &number, "transfer-letter").await.1 == letter, "{time}");
        assert!(fetch(&holder, &number, "hours-statement").await.1 == statement, "{time}");
        for (proof, signed) in proofs.iter().zip([&reply, &of_hours]) {
            let seen = scan(&world, proof).await.expect(200);
            assert_eq!(seen.body["current"], true, "{time}: {:#}", seen.body);
            assert_eq!(seen.body["document"], signed.body["document"], "{time}");
        }
    }
}

#[tokio::test]
async fn hours_that_dont_count_say_why_on_the_page() {
    let world = World::new().await;
    let holder = world.holder("li").await;
    let number = crate::arrive(&world, &holder).await;
    let (reply, paper) = fetch(&holder, &number, "hours-statement").await;
    let text = paper.text();
    let why = reply.text("/document/records/0/uncounted/0/detail");
    let why: String = format!("不计入4学时：{why}").split_whitespace().collect();
    assert!(text.contains(&why), "{why} in {text}");
}

#[tokio::test]
async fn what_the_font_lacks_is_named_and_the_data_can_be_had() {
    let world = World::new().await;
    let holder = world.holder("li").await;
    // Extension H, which the font has nothing of.
    let application =
        ready_to_arrive(&holder, 2, from_beijing(&[seminar("𱍐字研讨", "2025-06-01")]), "").await;
    holder.submit(&application).await.expect(200);
    let number = crate::approve(&world, &application).await.text("/registration_number");
    let path = format!("/v1/registrations/{number}/hours-statement");
    let refused = holder.get(&path).await.expect(422);
    assert_eq!(refused.code(), "print_character_unavailable");
    assert!(refused.text("/detail").contains("“𱍐”（U+31350）"), "{:#}", refused.body);
    let data = holder.get(&format!("{path}?pdf=false")).await.expect(200);
    assert_eq!(data.text("/document/records/0/title"), "𱍐字研讨");
}

#[tokio::test]
async fn a_statement_says_of_the_registration_what_verification_says_that_day() {
    let world = World::new().await;
    let number = registered(&world).await;
    // The last day, and the day after, though no job has run.
    for (day, label) in [("2029-03-02", "有效"), ("2029-03-03", "已失效")] {
        world.put(&format!("{day}T10:00:00+08:00"));
        let verified = world.nobody().get(&format!("/v1/verify/{number}")).await.expect(200);
        assert_eq!(verified.text("/standing_label"), label);
        let (reply, paper) = fetch(&world.holder("zhang").await, &number, "hours-statement").await;
        assert_eq!(reply.text("/document/registration/status_label"), label);
        let (text, said) = (paper.text(), format!("登记状态{label}有效期至2029年3月2日"));
        assert!(text.contains(&said), "{said} in {text}");
    }
}
