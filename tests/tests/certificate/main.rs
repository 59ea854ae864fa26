//! The electronic certificate as its holder has it in hand: fetched through the API, read by poppler and by a reader of QR
//! codes, verified by a stranger.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod anew;
mod printing;
mod refusals;
mod standings;

use serde_json::json;
use tests::{Person, Reply, World, paper::Paper};

/// The certificate of registration `number`, as `who` gets it: what the API says of it, and the file.
async fn fetch(who: &Person<'_>, number: &str) -> (Reply, Paper) {
    let shown = who.get(&format!("/v1/registrations/{number}/certificate")).await.expect(200);
    let paper = Paper::fetch(&shown, "/url", number).await;
    (shown, paper)
}

/// A stranger scans the QR code on `paper`: how the certificate stands, and the registration.
async fn scan(world: &World, paper: &Paper) -> (String, String) {
    let seen = world.nobody().get(&format!("/v1/verify?s={}", paper.statement())).await.expect(200);
    (seen.text("/standing"), seen.text("/registration_standing"))
}

/// The two standings of a certificate that is the present one.
fn both(standing: &str) -> (String, String) {
    (standing.to_owned(), standing.to_owned())
}

/// Approves `application` at both stages.
async fn approve(world: &World, application: &str) {
    for reviewer in ["chushen", "zhongshen"] {
        world.staff(reviewer).await.decide(application, json!({ "outcome": "approve" })).await.expect(200);
    }
}

/// Has the holder's name changed to `name`, with evidence and approval.
async fn rename(world: &World, holder: &Person<'_>, name: &str) {
    let change = holder.open("change").await;
    for side in ["identity_card_front", "identity_card_back"] {
        holder.attach(&change, side).await;
    }
    holder.edit(&change, json!({ "name": name, "declaration": true })).await.expect(200);
    holder.submit(&change).await.expect(200);
    approve(world, &change).await;
}
