//! One registration, and who it's of.

use rstest::rstest;
use tests::{World, identity_number, nobodys_number};

#[tokio::test]
async fn its_holder_and_staff_of_the_area_see_a_registration_and_a_version_of_it() {
    let world = World::new().await;
    let holder = world.holder("zhao").await;
    let number = holder.register(1).await;
    let path = format!("/v1/registrations/{number}");
    for seen in [holder.get(&path).await, world.staff("admin").await.get(&path).await] {
        let seen = seen.expect(200);
        assert_eq!((seen.text("/number"), seen.text("/status")), (number.clone(), "active".to_owned()));
        assert_eq!(seen.etag(), "\"1\"");
        assert!(!seen.body.to_string().contains(&identity_number(1)));
    }
}

#[rstest]
#[case::too_short("42202600000001", "registration_number_malformed")]
#[case::letters("4220260000000AB", "registration_number_malformed")]
#[case::mistyped("999999999999990", "registration_number_check_digit")]
#[tokio::test]
async fn a_number_that_is_none_is_told_from_one_that_nobody_has(#[case] number: &str, #[case] code: &str) {
    let world = World::new().await;
    let admin = world.staff("admin").await;
    let refused = admin.get(&format!("/v1/registrations/{number}")).await.expect(422);
    assert_eq!(refused.text("/errors/0/code"), code);
    let unknown = admin.get(&format!("/v1/registrations/{}", nobodys_number())).await.expect(404);
    assert_eq!(unknown.code(), "unknown_registration");
}

#[tokio::test]
async fn who_a_registration_is_of_is_shown_whole_and_each_look_is_noted() {
    let world = World::new().await;
    let number = world.holder("zhao").await.register(1).await;
    let admin = world.staff("admin").await;
    let path = format!("/v1/registrations/{number}");
    let journal = format!("{path}/journal");
    let before = admin.get(&journal).await.expect(200).body["items"].as_array().unwrap().len();
    let shown = admin.get(&format!("{path}/holder")).await.expect(200);
    assert_eq!(shown.text("/form/identity_document/number"), identity_number(1));
    let noted = admin.get(&journal).await.expect(200);
    let lines = noted.body["items"].as_array().unwrap();
    assert_eq!(lines.len(), before + 1);
    let line = lines.last().unwrap();
    assert_eq!((line["action"].as_str(), line["actor"]["type"].as_str()), (Some("viewed"), Some("staff")));
}
