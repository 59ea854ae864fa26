//! What it costs to verify registrations, for anybody.

use super::ledger::Ledger;
use common::statement::Signer;
use domain::registration::RegistrationNumber;
use serde_json::json;

pub async fn verification(ledger: &Ledger) {
    let world = &ledger.world;
    let nobody = world.nobody();
    let number = world.holder("person2").await.get("/v1/me").await.text("/registrations/0/number");
    let nobodys = |serial: u32| RegistrationNumber::mint(&"420106".parse().unwrap(), 2001, serial.into());

    let who = "GET verify/{number}";
    let look = async |number: &str| nobody.get(&format!("/v1/verify/{number}")).await;
    ledger.request(who, "a registration", 200, look(&number)).await;
    ledger.request(who, "a number that nobody has", 404, look(nobodys(1).as_str())).await;
    ledger.request(who, "a number that was mistyped", 422, look("123")).await;

    // The function that prints publishes its key and signs; here the operator does.
    let store = &world.system.app.store;
    let signer = Signer::from_env(&world.system.env).unwrap();
    signer.publish(store).await.unwrap();
    let number: RegistrationNumber = number.parse().unwrap();
    let holder = store.registration_holder(&number).await.unwrap().unwrap();
    let dossier = store.dossier(&holder, world.now()).await.unwrap();
    let statement = signer.statement(dossier.registration(&number).unwrap());
    let scan = async |statement: &str| nobody.get(&format!("/v1/verify?s={statement}")).await;
    ledger.request("GET verify", "a certificate", 200, scan(&statement)).await;
    ledger.request("GET verify", "no certificate", 422, scan("abc")).await;
    let both = async { look(&format!("{number}?s={statement}")).await };
    ledger.request(who, "with its certificate", 200, both).await;

    let who = "POST verify";
    let several = async |numbers: Vec<RegistrationNumber>| {
        nobody.post("/v1/verify", json!({ "numbers": numbers })).await
    };
    ledger.request(who, "two, one that nobody has", 200, several(vec![number.clone(), nobodys(1)])).await;
    let hundred = async { several((0..100).map(nobodys).collect()).await };
    ledger.request(who, "a hundred that nobody has", 200, hundred).await;
    let held = async { several(vec![number.clone()]).await };
    ledger.request(who, "after too many that nobody has", 429, held).await;
    ledger.request("GET verify/keys", "read", 200, nobody.get("/v1/verify/keys")).await;
}
