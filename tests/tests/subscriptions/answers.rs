//! `me/subscriptions`: what is left, what to ask for, and answers that count once.

use local::system::{SERVICE_CLIENT, WECHAT_APP};
use serde_json::{Value, json};
use tests::{Person, World};

async fn answer(person: &Person<'_>, key: &str, answers: Value) -> tests::Reply {
    let body = json!({ "answers": answers });
    person.send("POST", "/v1/me/subscriptions", Some(body), &[("Idempotency-Key", key)]).await
}

fn left(reply: &tests::Reply) -> Vec<u64> {
    let templates = reply.body["templates"].as_array().unwrap();
    templates.iter().map(|template| template["left"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn an_answer_counts_once_however_often_it_is_told() {
    let world = World::new().await;
    let zhang = world.holder("zhang").await;
    let before = zhang.get("/v1/me/subscriptions").await.expect(200);
    assert_eq!(before.text("/app_id"), WECHAT_APP);
    assert_eq!(before.body["ask"], json!(["local-review", "local-deadline", "local-hours"]));
    assert_eq!(
        (left(&before), before.text("/templates/0/label")),
        (vec![0, 0, 0], "办理结果通知".to_owned())
    );

    let answers =
        json!({ "local-review": "accept", "local-deadline": "acceptWithAudio", "local-hours": "ban" });
    let first = answer(&zhang, "k1", answers.clone()).await.expect(200);
    let again = answer(&zhang, "k1", answers.clone()).await.expect(200);
    assert_eq!((left(&first), first.body), (vec![1, 1, 0], again.body));
    assert_eq!(
        answer(&zhang, "k1", json!({ "local-hours": "accept" })).await.expect(422).code(),
        "idempotency_key_reused"
    );
    let second = answer(&zhang, "k2", answers).await.expect(200);
    assert_eq!(
        (left(&second), &second.body["ask"]),
        (vec![2, 2, 0], &json!(["local-review", "local-deadline"]))
    );
    assert_eq!(zhang.get("/v1/me/subscriptions").await.expect(200).body, second.body);
}

#[tokio::test]
async fn what_cant_be_counted_is_refused_in_words() {
    let world = World::new().await;
    let zhang = world.holder("zhang").await;
    let unknown = answer(&zhang, "k1", json!({ "other": "accept" })).await.expect(422);
    assert_eq!(unknown.text("/errors/0/field"), "answers.other");
    assert!(unknown.text("/errors/0/detail").contains("不是本系统使用的订阅消息模板"));
    assert_eq!(answer(&zhang, "k2", json!({})).await.expect(422).text("/errors/0/code"), "required");
    let maybe = answer(&zhang, "k3", json!({ "local-review": "maybe" })).await.expect(422);
    assert!(maybe.text("/detail").contains("answers"), "{:#}", maybe.body);
    let body = json!({ "answers": { "local-review": "accept" } });
    let keyless = zhang.post("/v1/me/subscriptions", body).await.expect(400);
    assert_eq!(keyless.code(), "idempotency_key_required");
    assert_eq!(left(&zhang.get("/v1/me/subscriptions").await.expect(200)), [0, 0, 0]);
}

#[tokio::test]
async fn a_back_end_answers_for_its_user_and_the_message_reaches_them() {
    let world = World::new().await;
    let wechat = &world.system.wechat;
    let credentials = json!({
        "client_id": SERVICE_CLIENT,
        "client_secret": world.system.keys.client_secret,
        "open_id": wechat.open_id("li"),
    });
    let signed_in = world.nobody().post("/v1/session/client", credentials).await.expect(200);
    let mut li = world.nobody();
    li.token = Some(signed_in.text("/access_token"));

    wechat.accept("li", "local-review");
    answer(&li, "k1", json!({ "local-review": "accept" })).await.expect(200);
    let application = li.ready_first(1).await;
    li.submit(&application).await.expect(200);
    let reviewer = world.staff("chushen").await;
    let back = json!({ "outcome": "return", "reasons": [{ "ground": "not_eligible" }] });
    reviewer.decide(&application, back).await.expect(200);

    // The receipt is mailed whatever was accepted; the return is the message that was paid for.
    let mails = world.mails().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].summary.subject.contains("提交成功"), "{}", mails[0].summary.subject);
    let messages = wechat.messages();
    assert_eq!((messages.len(), messages[0].to.as_str()), (1, wechat.open_id("li").as_str()));
    assert_eq!(
        (messages[0].data["phrase2"].as_str(), messages[0].data["thing1"].as_str()),
        ("退回修改", "首次登记")
    );
    assert_eq!(left(&li.get("/v1/me/subscriptions").await.expect(200)), [0, 0, 0]);
}

#[tokio::test]
async fn two_answers_at_once_are_both_counted() {
    let world = World::new().await;
    let zhang = world.holder("zhang").await;
    let accept = || json!({ "local-review": "accept" });
    let (one, two) = tokio::join!(answer(&zhang, "k1", accept()), answer(&zhang, "k2", accept()));
    one.expect(200);
    two.expect(200);
    assert_eq!(left(&zhang.get("/v1/me/subscriptions").await.expect(200))[0], 2);
}
