//! The function that prints, deployed anew with another seed: what it hands out is its own, and verifies from the first on.

use crate::{both, fetch, scan};
use aws_credential_types::Credentials;
use axum::Router;
use base64::{Engine, engine::general_purpose::STANDARD};
use certificate::Certificates;
use common::{
    aws::{Endpoints, SdkParts},
    config::Env,
    http::App,
};
use tests::{World, paper::Paper};

/// The function with `seed`, of which nothing was asked yet: not even that it publish its key.
fn deployed_anew(world: &World, seed: &str) -> Router {
    let system = &world.system;
    let kept = [
        "TABLE_NAME",
        "IDEMPOTENCY_TABLE_NAME",
        "BUCKET_NAME",
        "FIELD_KEYS",
        "LOOKUP_KEY",
        "TOKEN_ISSUER",
        "TOKEN_AUDIENCE",
        "PORTAL_URL",
    ];
    let kept = kept.map(|name| (name.to_owned(), system.env.get(name).unwrap()));
    let env = Env::of(kept.into_iter().chain([("CERTIFICATE_SEED".to_owned(), seed.to_owned())]));
    let endpoints = Endpoints {
        dynamodb: Some(system.dynamodb_endpoint().parse().unwrap()),
        s3: Some(system.s3().endpoint().parse().unwrap()),
        ses: None,
    };
    let credentials = Credentials::new("certificate", system.keys.s3_secret.clone(), None, None, "test");
    let parts = SdkParts::new("cn-north-1", credentials, endpoints).unwrap();
    let app = App::from_env(&env, &parts, system.clock.clone()).unwrap();
    certificate::router(Certificates::from_env(app, &env, &parts).unwrap())
}

#[tokio::test]
async fn another_seed_prints_anew_and_what_either_signed_verifies() {
    let mut world = World::new().await;
    let token = world.holder("zhang").await.token;
    let number = world.holder("zhang").await.register(1).await;
    let usual = world.system.api.clone();
    let path = format!("/v1/registrations/{number}/hours-statement");
    let (mut certificates, mut statements) = (Vec::new(), Vec::new());
    // A seed for each, so that neither has its key published by the other.
    for seed in [b'a', b'b'].map(|byte| STANDARD.encode([byte; 32])) {
        world.system.api = deployed_anew(&world, &seed);
        let mut holder = world.nobody();
        holder.token.clone_from(&token);
        certificates.push(fetch(&holder, &number).await.1);
    }
    for seed in [b'c', b'd'].map(|byte| STANDARD.encode([byte; 32])) {
        world.system.api = deployed_anew(&world, &seed);
        let mut holder = world.nobody();
        holder.token.clone_from(&token);
        let shown = holder.get(&path).await.expect(200);
        statements.push(Paper::fetch(&shown, "/pdf/url", &number).await);
    }
    world.system.api = usual;
    assert!(certificates[0] != certificates[1] && statements[0] != statements[1]);
    for certificate in &certificates {
        assert_eq!(scan(&world, certificate).await, both("valid"));
    }
    for statement in &statements {
        let code = statement.qr();
        let (_, proof) = code.split_once("/verify/paper?s=").unwrap();
        let seen = world.nobody().get(&format!("/v1/verify/paper?s={proof}")).await.expect(200);
        assert_eq!(seen.body["current"], true);
    }
}
