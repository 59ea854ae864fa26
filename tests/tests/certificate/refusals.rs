//! What isn't printed, and what is said then.

use crate::{fetch, rename};
use serde_json::json;
use tests::{World, form};

#[tokio::test]
async fn a_rare_name_is_printed_or_refused_by_the_character() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    // Extensions B, A and E of the ideographs.
    rename(&world, &holder, "𠮷㛃𬱖").await;
    let (_, paper) = fetch(&holder, &number).await;
    assert!(paper.text().contains("姓名𠮷㛃𬱖"), "{}", paper.text());
    // Extension H, which the font has nothing of.
    rename(&world, &holder, "王𱍐").await;
    let refused = holder.get(&format!("/v1/registrations/{number}/certificate")).await.expect(422);
    assert_eq!(refused.code(), "print_character_unavailable");
    assert_eq!(
        refused.text("/detail"),
        "打印字库中没有姓名中的“𱍐”（U+31350），无法打印，请联系登记管理机构处理"
    );
}

#[tokio::test]
async fn a_photo_that_is_damaged_is_told() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    holder.save_profile(form(1)).await.expect(200);
    let application = holder.open("first").await;
    // As much of a picture as it takes to be confirmed as one.
    holder.attach_file(&application, "photo", tests::tiny_jpeg()).await;
    for kind in ["identity_card_front", "identity_card_back", "certificate_scan"] {
        holder.attach(&application, kind).await;
    }
    holder.edit(&application, json!({ "declaration": true })).await.expect(200);
    holder.submit(&application).await.expect(200);
    crate::approve(&world, &application).await;
    let number = holder.get("/v1/me").await.expect(200).text("/registrations/0/number");
    let refused = holder.get(&format!("/v1/registrations/{number}/certificate")).await.expect(422);
    assert_eq!(refused.code(), "print_photo_unreadable");
    assert_eq!(refused.text("/detail"), "登记照片无法读取，请联系登记管理机构更换照片");
}

#[tokio::test]
async fn a_number_that_was_mistyped_is_told_from_one_that_nobody_has() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let mistyped = format!("{}{}", &number[..14], (number[14..].parse::<u8>().unwrap() + 1) % 10);
    let refused = holder.get(&format!("/v1/registrations/{mistyped}/certificate")).await.expect(422);
    assert_eq!(refused.text("/errors/0/code"), "registration_number_check_digit");
    let unknown = tests::nobodys_number();
    let refused = holder.get(&format!("/v1/registrations/{unknown}/certificate")).await.expect(404);
    assert_eq!(refused.code(), "unknown_registration");
}
