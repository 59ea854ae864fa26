//! WeChat's stand-in gives each answer that the real `code2Session` gives, in the same clothes.

use local::serve::LoopbackServer;
use local::wechat::{Trouble, WeChat};
use rstest::rstest;
use serde_json::Value;

use crate::clients::get;

async fn ask(wechat: &WeChat, query: &str) -> Value {
    let server = LoopbackServer::start(wechat.router(), 0).await.unwrap();
    let reply = get(&format!("{}/sns/jscode2session?{query}", server.url())).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/plain");
    serde_json::from_slice(&reply.body).unwrap()
}

fn query(code: &str) -> String {
    format!("appid=wx1&secret=s1&js_code={code}&grant_type=authorization_code")
}

#[tokio::test]
async fn a_person_is_the_same_with_every_fresh_code() {
    let wechat = WeChat::new("wx1", "s1");
    let first = ask(&wechat, &query("demo-wang")).await;
    let again = ask(&wechat, &query("demo-wang-2025-06-01")).await;
    let other = ask(&wechat, &query("demo-li-1")).await;
    assert_eq!(first["openid"], again["openid"]);
    assert_eq!(first["openid"], wechat.open_id("wang"));
    assert_eq!(first["openid"].as_str().unwrap().len(), 28);
    assert_ne!(first["openid"], other["openid"]);
    assert_ne!(first["session_key"], again["session_key"]);
    assert!(first.get("errcode").is_none());
    assert_ne!(wechat.open_id("wang"), WeChat::new("wx2", "s1").open_id("wang"));
}

#[tokio::test]
async fn a_code_works_once() {
    let wechat = WeChat::new("wx1", "s1");
    ask(&wechat, &query("demo-wang-1")).await;
    let again = ask(&wechat, &query("demo-wang-1")).await;
    assert_eq!(again["errcode"], 40163);
    assert!(again.get("openid").is_none());
}

#[rstest]
#[case("appid=wx2&secret=s1&js_code=demo-a&grant_type=authorization_code", 40013)]
#[case("appid=wx1&secret=s2&js_code=demo-a&grant_type=authorization_code", 40125)]
#[case("appid=wx1&secret=s1&js_code=real&grant_type=authorization_code", 40029)]
#[case("appid=wx1&secret=s1&js_code=demo-&grant_type=authorization_code", 40029)]
#[case("appid=wx1&secret=s1&js_code=demo-a&grant_type=client_credential", 40002)]
#[case("secret=s1&js_code=demo-a&grant_type=authorization_code", 41002)]
#[case("appid=wx1&js_code=demo-a&grant_type=authorization_code", 41004)]
#[case("appid=wx1&secret=s1&grant_type=authorization_code", 41008)]
#[tokio::test]
async fn what_is_wrong_has_its_own_number(#[case] query: &str, #[case] code: i32) {
    let answer = ask(&WeChat::new("wx1", "s1"), query).await;
    assert_eq!(answer["errcode"], code, "{answer}");
    assert!(!answer["errmsg"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn trouble_comes_as_asked_and_uses_up_no_code() {
    let wechat = WeChat::new("wx1", "s1");
    wechat.fail_next(1, Trouble::Busy);
    wechat.fail_next(1, Trouble::RateLimited);
    assert_eq!(ask(&wechat, &query("demo-wang")).await["errcode"], -1);
    assert_eq!(ask(&wechat, &query("demo-wang")).await["errcode"], 45011);
    assert_eq!(ask(&wechat, &query("demo-wang")).await["openid"], wechat.open_id("wang"));
}
