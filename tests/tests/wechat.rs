//! Our client against the stand-in for WeChat's endpoint: a code names its person, once.

use common::wechat::{WeChatClient, WeChatError};
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
