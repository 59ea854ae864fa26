//! That what is broken is seen to be.

use crate::{
    browser::{Browser, Screen},
    look::Look,
    picture,
};
use axum::{Router, response::Html, routing::get};
use image::{DynamicImage, Rgb, RgbImage};
use local::serve::LoopbackServer;

/// A page whose body is `body`, at an address of its own.
async fn page(body: &'static str) -> LoopbackServer {
    let html = format!("<!doctype html><meta name=viewport content='width=device-width'>{body}");
    let router = Router::new().route("/", get(move || async move { Html(html) }));
    LoopbackServer::start(router, 0).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_is_seen_to_be() {
    let mut browser = Browser::start();
    for (body, expected) in [
        ("<p>如常", ""),
        ("<p style='width:391px'>宽", "it is 3"),
        ("<p>登记号420000202600000001420000202600000001420000202600000001", "it is "),
        (
            "<div style='overflow:hidden;width:200px'><p style='width:300px'>很长的一行文字，很长的一行文字，很长的一行文字，很长的一行文字",
            "cut off: ",
        ),
        ("<p style='position:absolute;left:-9px'>左", "past the edge: "),
        (
            "<p style='height:20px;margin:0'>被盖住<div style='background:red;position:absolute;top:0;width:99%;height:99px'>",
            "covered: ",
        ),
        ("<p style='font-size:11px'>小", "letters of 11px: "),
        ("<p style='color:#888'>浅", "a contrast of 3.5: "),
        ("<p>图<img src='http://127.0.0.1:9/pixel.gif'>", "it asks for http://127.0.0.1:9/pixel.gif"),
        (
            "<p>样<link rel=stylesheet href='http://127.0.0.1:9/style.css'>",
            "it asks for http://127.0.0.1:9/style.css",
        ),
    ] {
        let page = page(body).await;
        let Look { faults, .. } = Look::at(&mut browser, &page.url(), Screen::PHONE);
        match expected {
            "" => assert_eq!(faults, [""; 0]),
            expected => assert!(faults.iter().any(|fault| fault.starts_with(expected)), "{body}: {faults:?}"),
        }
    }
    for (body, hidden) in [("<p>看得见", 0), ("<p hidden>看不见", 1), ("<p style='opacity:0'>看不见", 1)]
    {
        let page = page(body).await;
        assert_eq!(Look::at(&mut browser, &page.url(), Screen::PHONE).hidden.len(), hidden, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_as_wide_as_a_phone_and_dark_where_its_owner_likes_it_so() {
    let mut browser = Browser::start();
    let page = page("<style>@media (prefers-color-scheme: dark) { p { color: #eee } }</style><p>字").await;
    for screen in [Screen::PHONE, Screen::SMALL, Screen::DESKTOP, Screen::PHONE.dark()] {
        browser.open(&page.url(), screen);
        let width = browser.run("[innerWidth, document.documentElement.clientWidth]");
        assert_eq!(width, serde_json::json!(vec![screen.width; 2]));
        let dark =
            browser.run("getComputedStyle(document.querySelector('p')).color === 'rgb(238, 238, 238)'");
        assert_eq!(dark, screen.dark);
        let picture = image::load_from_memory(&browser.picture(screen, 400)).unwrap();
        assert_eq!((picture.width(), picture.height()), (screen.width, 400));
    }
}

/// Lines of "letters" `indent` from the left.
fn lines(indent: u32, grey: u8) -> DynamicImage {
    let picture = RgbImage::from_fn(400, 600, |x, y| {
        let letter = x >= indent && y % 30 < 16 && (x + y * 7) % 5 < 2;
        Rgb(if letter { [grey; 3] } else { [255; 3] })
    });
    picture.into()
}

#[test]
fn another_smoothing_is_the_same_picture_and_another_layout_is_not() {
    let approved = lines(24, 30);
    assert_eq!(picture::compare(&approved, &lines(24, 30)), Ok(()));
    assert_eq!(picture::compare(&approved, &lines(24, 60)), Ok(()), "fainter by a shade");
    assert!(picture::compare(&approved, &lines(48, 30)).is_err(), "further in");
    assert!(picture::compare(&approved, &lines(24, 150)).is_err(), "grey");
    assert!(picture::compare(&approved, &DynamicImage::new_rgb8(390, 600)).is_err(), "narrower");
    let shorter = approved.crop_imm(0, 0, 400, 570);
    assert!(picture::compare(&approved, &shorter).is_err(), "a line less");
}
