//! WeChat's stand-in gives tokens and takes messages as the real one does, refusals included; what it took is shown
//! beside the mails.

use common::clock::Clock;
use domain::date::Instant;
use local::mailbox::Mailbox;
use local::serve::LoopbackServer;
use local::wechat::{Asked, WeChat};
use rstest::rstest;
use serde_json::{Value, json};

use crate::clients::{get, request};

const TEMPLATES: &str = r#"{ "wx1": { "review": { "template_id": "T1", "data": {
    "thing1": "matter", "phrase2": "outcome" } } } }"#;

struct Room {
    wechat: WeChat,
    clock: Clock,
    server: LoopbackServer,
}

fn start() -> Instant {
    "2029-03-01T01:00:00Z".parse().unwrap()
}

async fn room() -> Room {
    let clock = Clock::movable();
    clock.put(start());
    let wechat = WeChat::with_templates("wx1", "s1", &TEMPLATES.parse().unwrap(), clock.clone());
    let server = LoopbackServer::start(wechat.router(), 0).await.unwrap();
    Room { wechat, clock, server }
}

impl Room {
    async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.server.url());
        let headers = [("content-type", "application/json")];
        let reply = request("POST", &url, &headers, body.to_string().as_bytes()).await;
        assert_eq!(reply.status, 200);
        serde_json::from_slice(&reply.body).unwrap()
    }

    async fn ask(&self, force: bool) -> Value {
        let body = json!({ "grant_type": "client_credential", "appid": "wx1", "secret": "s1", "force_refresh": force });
        self.post("/cgi-bin/stable_token", &body).await
    }

    async fn token(&self) -> String {
        self.ask(false).await["access_token"].as_str().unwrap().to_owned()
    }

    async fn send(&self, token: &str, to: &str, template: &str, data: Value) -> Value {
        let path = format!("/cgi-bin/message/subscribe/send?access_token={token}");
        self.post(&path, &json!({ "touser": to, "template_id": template, "data": data })).await
    }
}

fn data(thing: &str, phrase: &str) -> Value {
    json!({ "thing1": { "value": thing }, "phrase2": { "value": phrase } })
}

#[tokio::test]
async fn a_token_stays_the_same_until_its_last_minutes_and_the_old_one_lives_on_for_as_long() {
    let room = room().await;
    let reader = room.wechat.open_id("li");
    let first = room.ask(false).await;
    assert_eq!((room.ask(false).await, &first["expires_in"]), (first.clone(), &json!(7200)));
    room.clock.put(start().plus_seconds(6_899));
    assert_eq!(room.ask(false).await["access_token"], first["access_token"]);
    room.clock.put(start().plus_seconds(6_901));
    let second = room.token().await;
    let first = first["access_token"].as_str().unwrap();
    assert_ne!(second, first);
    // 43101 is what is wrong with the message; nothing is wrong with either token.
    for token in [first, &second] {
        assert_eq!(room.send(token, &reader, "T1", data("事项", "通过")).await["errcode"], 43101);
    }
    room.clock.put(start().plus_seconds(7_202));
    assert_eq!(room.send(first, &reader, "T1", data("事项", "通过")).await["errcode"], 42001);
    assert_eq!(room.send(&second, &reader, "T1", data("事项", "通过")).await["errcode"], 43101);
    assert_eq!(room.wechat.asked(), Asked { ordinarily: 4, forced: 0 });
}

#[tokio::test]
async fn a_forced_token_ends_the_one_before_and_not_twice_in_half_a_minute() {
    let room = room().await;
    let reader = room.wechat.open_id("li");
    let first = room.token().await;
    let forced = room.ask(true).await["access_token"].as_str().unwrap().to_owned();
    assert_ne!(forced, first);
    assert_eq!(room.ask(true).await["access_token"], forced.as_str());
    assert_eq!(room.send(&first, &reader, "T1", data("事项", "通过")).await["errcode"], 40001);
    assert_eq!(room.token().await, forced);
}

#[rstest]
#[case(json!({ "grant_type": "client_credential", "appid": "wx1", "secret": "guess" }), 40125)]
#[case(json!({ "grant_type": "client_credential", "appid": "wx2", "secret": "s1" }), 40013)]
#[case(json!({ "grant_type": "authorization_code", "appid": "wx1", "secret": "s1" }), 40002)]
#[case(json!([]), 47001)]
#[tokio::test]
async fn who_may_have_no_token_is_told_why(#[case] body: Value, #[case] code: i32) {
    let answer = room().await.post("/cgi-bin/stable_token", &body).await;
    assert_eq!(answer["errcode"], code, "{answer}");
}

#[tokio::test]
async fn one_acceptance_takes_one_message() {
    let room = room().await;
    let (token, reader) = (room.token().await, room.wechat.open_id("li"));
    room.wechat.accept("li", "T1");
    let accepted = room.send(&token, &reader, "T1", data("首次登记", "已通过")).await;
    assert_eq!((&accepted["errcode"], accepted["msgid"].is_u64()), (&json!(0), true));
    let again = room.send(&token, &reader, "T1", data("首次登记", "已通过")).await;
    assert_eq!((&again["errcode"], room.wechat.messages().len()), (&json!(43101), 1));
    room.wechat.accept("li", "T1");
    room.wechat.refuse_all("li");
    assert_eq!(room.send(&token, &reader, "T1", data("首次登记", "已通过")).await["errcode"], 43101);
}

#[rstest]
#[case("T2", data("事项", "通过"), 40037, "invalid template_id")]
#[case("T1", data("", "通过"), 47003, "data.thing1.value is empty")]
#[case("T1", data("一二三四五六七八九十一二三四五六七八九十一", "通过"), 47003, "data.thing1.value invalid")]
#[case("T1", data("事项", "OK"), 47003, "data.phrase2.value invalid")]
#[case("T1", json!({ "thing1": { "value": "事项" } }), 47003, "data.phrase2.value is empty")]
#[case("T1", json!(7), 47001, "data format error")]
#[tokio::test]
async fn what_cant_be_taken_has_its_own_number_and_uses_up_nothing(
    #[case] template: &str,
    #[case] data: Value,
    #[case] code: i32,
    #[case] words: &str,
) {
    let room = room().await;
    let (token, reader) = (room.token().await, room.wechat.open_id("li"));
    room.wechat.accept("li", "T1");
    let answer = room.send(&token, &reader, template, data).await;
    assert_eq!(answer["errcode"], code, "{answer}");
    assert!(answer["errmsg"].as_str().unwrap().contains(words), "{answer}");
    let fit = room.send(&token, &reader, "T1", self::data("事项", "通过")).await;
    assert_eq!(fit["errcode"], 0);
}

#[tokio::test]
async fn tokens_and_readers_that_arent_known_are_refused() {
    let room = room().await;
    let (token, reader) = (room.token().await, room.wechat.open_id("li"));
    assert_eq!(room.send("", &reader, "T1", data("事项", "通过")).await["errcode"], 41001);
    assert_eq!(room.send("guess", &reader, "T1", data("事项", "通过")).await["errcode"], 40001);
    assert_eq!(room.send(&token, "nobody", "T1", data("事项", "通过")).await["errcode"], 40003);
}

#[tokio::test]
async fn what_was_taken_is_shown_beside_the_mails() {
    let room = room().await;
    let folder = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::start(folder.path(), 0).await.unwrap();
    let pages = LoopbackServer::start(mailbox.router_beside(&room.wechat), 0).await.unwrap();
    let page = async || get(&format!("{}/mailbox", pages.url())).await.text();
    assert!(!page().await.contains("微信订阅消息"));
    room.wechat.accept("li", "T1");
    let (token, reader) = (room.token().await, room.wechat.open_id("li"));
    room.send(&token, &reader, "T1", data("<b>登记</b>", "已通过")).await;
    let shown = page().await;
    assert!(shown.contains("微信订阅消息") && shown.contains("已通过") && shown.contains(&reader), "{shown}");
    assert!(shown.contains("&#60;b&#62;登记") && !shown.contains("<b>"), "{shown}");
}
