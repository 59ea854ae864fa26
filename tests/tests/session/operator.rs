//! What an operator asks by invoking the function directly, and that nobody can through the gateway.

use super::house::House;
use common::{auth::totp::TotpSecret, config::Env};
use lambda_http::{Context, LambdaEvent, lambda_runtime::Diagnostic};
use rstest::rstest;
use serde_json::{Value, json};
use session::{Front, Session};

async fn invoke(house: &House, payload: Value) -> Result<Value, Diagnostic> {
    let env = Env::of(house.variables.clone());
    let session = Session::from_env(house.app.clone(), &env, &house.parts).unwrap();
    let payload = serde_json::value::to_raw_value(&payload).unwrap();
    Front::new(session).answer(LambdaEvent::new(payload, Context::default())).await
}

fn first_administrator() -> Value {
    json!({ "username": "sheng-admin", "name": "王五", "roles": ["administrator"], "area": "42" })
}

#[tokio::test]
async fn the_first_administrator_of_a_new_stack_is_appointed_and_signs_in() {
    let house = House::new().await;
    let handed = invoke(&house, json!({ "appoint": first_administrator() })).await.unwrap();
    let (password, secret) = (handed["password"].as_str().unwrap(), handed["totp_secret"].as_str().unwrap());
    let totp = TotpSecret::from_base32(secret).unwrap();
    let signed_in = house.try_in("sheng-admin", password, &totp.code_at(house.now())).await.expect(200);
    assert_eq!(signed_in.body["roles"], json!(["administrator"]));
    assert_eq!(signed_in.text("/area"), "42");

    let journal = house.journal(&handed["id"].as_str().unwrap().parse().unwrap()).await;
    assert_eq!(serde_json::to_value(&journal[0].entry).unwrap()["actor"], json!({ "type": "system" }));
    assert!(!format!("{journal:?}").contains(password));

    let again = invoke(&house, json!({ "appoint": first_administrator() })).await.unwrap_err();
    assert_eq!(again.error_type, "username_taken");
}

#[rstest]
#[case(json!({ "appoint": { "username": "x" } }), "invalid_order", "missing field")]
#[case(json!({ "appoint": first_administrator(), "reset": {} }), "invalid_order", "reset")]
#[case(json!({ "appoint": { "username": "x", "name": "王五", "roles": ["holder"] } }), "invalid_fields", "用户名")]
#[case(json!({ "appoint": { "username": "sheng-admin", "name": "王五", "roles": [] } }), "invalid_fields", "角色")]
#[case(json!({ "job": "daily" }), "invalid_event", "")]
#[case(json!("appoint"), "invalid_event", "")]
#[tokio::test]
async fn an_order_that_cannot_be_taken_says_why(
    #[case] order: Value,
    #[case] code: &str,
    #[case] reason: &str,
) {
    let refused = invoke(&House::new().await, order).await.unwrap_err();
    assert_eq!(refused.error_type, code);
    assert!(refused.error_message.contains(reason), "{}", refused.error_message);
}

#[tokio::test]
async fn no_request_through_the_gateway_is_an_order() {
    let house = House::new().await;
    let text = include_str!("../../events/session-wechat.json");
    let mut event: Value = serde_json::from_str(text).unwrap();
    let order = json!({ "appoint": first_administrator() });
    event["body"] = json!(order.to_string());
    event["isBase64Encoded"] = json!(false);
    // The stage that the adapter leaves out of the path without being told.
    event["requestContext"]["stage"] = json!("$default");
    event["queryStringParameters"] = json!({ "appoint": order.to_string() });
    event["multiValueQueryStringParameters"] = json!({ "appoint": [order.to_string()] });
    event["multiValueHeaders"]["appoint"] = json!([order.to_string()]);
    let answer = invoke(&house, event).await.unwrap();
    assert_eq!(answer["statusCode"], json!(422));
    house.appoint("sheng-admin", &[domain::actor::Role::Administrator], "42").await;
}
