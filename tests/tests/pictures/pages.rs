//! The mailbox's pages, and the page that a started system opens with.

use crate::{
    browser::{Browser, Screen},
    pictures,
    post::{Post, letterhead},
    samples::{every_message, now, to_zhang_san},
};
use axum::{
    body::to_bytes,
    extract::{Request, State},
    middleware::{self, Next},
    response::Html,
};
use common::{
    clock::Clock,
    notify::Mail,
    wechat::{SubscribeMessage, WeChatClient},
};
use domain::subscription::{Templates, told};
use local::{
    desk,
    serve::LoopbackServer,
    system::{WECHAT_APP, WECHAT_TEMPLATES},
    wechat::WeChat,
};
use tests::World;

const BOTH: [(&str, Screen); 2] = [("phone", Screen::PHONE), ("desktop", Screen::DESKTOP)];

#[tokio::test(flavor = "multi_thread")]
async fn the_mailbox_looks_as_it_was_approved() {
    let (post, mut browser, mut wrong) = (Post::open().await, Browser::start(), Vec::new());
    pictures(&mut browser, &post.list(), "mailbox_empty", &BOTH, &mut wrong);
    let mut last = String::new();
    for (_, message) in every_message().into_iter().take(30) {
        let mail = Mail::write(&to_zhang_san(message), &letterhead(), now()).unwrap();
        (_, last) = post.bring(&mail).await;
    }
    pictures(&mut browser, &post.list(), "mailbox_many", &BOTH, &mut wrong);
    pictures(&mut browser, &post.list(), "mailbox_many", &[("phone-dark", Screen::PHONE.dark())], &mut wrong);
    pictures(&mut browser, &last, "mail_page", &BOTH, &mut wrong);
    pictures(&mut browser, &last, "mail_page", &[("phone-dark", Screen::PHONE.dark())], &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_by_wechat_are_shown_beside_the_mails() {
    let clock = Clock::movable();
    clock.put(now());
    let templates: Templates = WECHAT_TEMPLATES.parse().unwrap();
    let wechat = WeChat::with_templates(WECHAT_APP, "s3cret", &templates, clock);
    let server = LoopbackServer::start(wechat.router(), 0).await.unwrap();
    let client = WeChatClient::new(&server.url()).unwrap();
    let token = client.stable_token(WECHAT_APP, "s3cret", false).await.unwrap().token;
    let reader = wechat.open_id("zhang").parse().unwrap();
    let shown = ["returned", "renewal_due", "hours_recognised_in_part"];
    for (_, message) in every_message().into_iter().filter(|(name, _)| shown.contains(name)) {
        let told = told(&to_zhang_san(message), now().day()).unwrap();
        let template = &templates.of(WECHAT_APP).unwrap()[&told.topic];
        wechat.accept("zhang", template.id.as_str());
        let data = template.fill(&told).unwrap();
        let message =
            SubscribeMessage { to: &reader, template: template.id.as_str(), page: None, data: &data };
        client.send_message(&token, &message).await.unwrap();
    }
    assert_eq!(wechat.messages().len(), shown.len());

    let post = Post::beside(Some(&wechat)).await;
    let (mut browser, mut wrong) = (Browser::start(), Vec::new());
    for (_, message) in every_message().into_iter().take(2) {
        post.bring(&Mail::write(&to_zhang_san(message), &letterhead(), now()).unwrap()).await;
    }
    pictures(&mut browser, &post.list(), "mailbox_wechat", &BOTH, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_started_system_looks_as_it_was_approved() {
    let world = World::new().await;
    let system = &world.system;
    // Drawn anew by each system; as long as these are.
    let keys = [&system.keys.staff_password, &system.keys.client_secret];
    let shown = desk::router(system, world.folder().to_owned());
    let hide = middleware::from_fn_with_state(keys.map(Clone::clone), hide);
    let server = LoopbackServer::start(shown.layer(hide), 0).await.unwrap();
    let (mut browser, mut wrong) = (Browser::start(), Vec::new());
    pictures(&mut browser, &server.url(), "home", &BOTH, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The page with an `a` for each character of what is drawn anew.
async fn hide(State(secrets): State<[String; 2]>, request: Request, next: Next) -> Html<String> {
    let body = to_bytes(next.run(request).await.into_body(), usize::MAX).await.unwrap();
    let page = String::from_utf8(body.to_vec()).unwrap();
    Html(secrets.iter().fold(page, |page, secret| page.replace(secret, &"a".repeat(secret.len()))))
}
