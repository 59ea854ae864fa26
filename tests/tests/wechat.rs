//! Our client against the stand-in for WeChat's endpoints: a code names its person, once; what fails tells no secret.

use common::wechat::{AccessToken, CallFailed, SubscribeMessage, WeChatClient, WeChatError};
use local::{
    serve::LoopbackServer,
    wechat::{Trouble, WeChat},
};

#[tokio::test]
async fn a_code_names_its_person_once_and_trouble_uses_none_up() {
    let wechat = WeChat::new("wx1", "app secret");
    let server = LoopbackServer::start(wechat.router(), 0).await.unwrap();
    let client = WeChatClient::new(&server.url()).unwrap();
    let sign_in = async |code: &str| client.code2session("wx1", "app secret", code).await;

    wechat.fail_next(1, Trouble::Busy);
    wechat.fail_next(1, Trouble::RateLimited);
    assert_eq!(sign_in("demo-li-1").await, Err(WeChatError::Busy));
    assert_eq!(sign_in("demo-li-1").await, Err(WeChatError::RateLimited));
    let first = sign_in("demo-li-1").await.unwrap();
    assert_eq!(first.open_id.as_str(), wechat.open_id("li"));
    assert_eq!(sign_in("demo-li-1").await, Err(WeChatError::CodeUsed));
    assert_eq!(sign_in("demo-li-2").await.unwrap(), first);
    assert_ne!(sign_in("demo-wang").await.unwrap(), first);
    assert_eq!(sign_in("somebody").await, Err(WeChatError::InvalidCode));
    assert_eq!(client.code2session("wx1", "a guess", "demo-li-3").await, Err(WeChatError::Rejected(40125)));
    assert_eq!(
        client.code2session("wx2", "app secret", "demo-li-3").await,
        Err(WeChatError::Rejected(40013))
    );
}

#[tokio::test]
async fn what_fails_tells_neither_secret_nor_token() {
    let nowhere = WeChatClient::new("http://127.0.0.1:9").unwrap();
    let wechat = WeChat::new("wx1", "app secret");
    let server = LoopbackServer::start(wechat.router(), 0).await.unwrap();
    let client = WeChatClient::new(&server.url()).unwrap();
    let (to, data) = (wechat.open_id("li").parse().unwrap(), [("thing1".to_owned(), "值".to_owned())].into());
    let message = SubscribeMessage { to: &to, template: "T1", page: None, data: &data };

    let unreachable = nowhere.stable_token("wx1", "app secret", false).await.unwrap_err();
    let unsent = nowhere.send_message("a token", &message).await.unwrap_err();
    assert_eq!((&unreachable, &unsent), (&CallFailed::Unreachable, &CallFailed::Unreachable));
    let refused = client.stable_token("wx1", "a guess", false).await.unwrap_err();
    let rejected = client.send_message("a token", &message).await.unwrap_err();
    let codes = [&refused, &rejected].map(|failed| match failed {
        CallFailed::Refused { errcode, .. } => *errcode,
        other => panic!("{other:?}"),
    });
    assert_eq!(codes, [40125, 40001]);
    let token: AccessToken = client.stable_token("wx1", "app secret", false).await.unwrap();
    let told =
        format!("{unreachable:?} {unreachable} {unsent:?} {refused:?} {rejected} {token:?} {client:?}");
    for secret in ["app secret", "a guess", "a token", &token.token, to.as_str(), "值"] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}
