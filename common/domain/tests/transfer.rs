//! Moving between provinces: who may leave and when, what ends with it; who may arrive, and what their hours come to.

mod arriving;
mod entering;
mod leaving;
mod papers;

use crate::common::{World, answers, noon, try_library};
use domain::{
    application::ApplicationKind,
    attachment::AttachmentKind,
    date::{CalendarDate, date},
    id::ApplicationId,
    registration::Registration,
    rules::RuleLibrary,
};
use serde_json::{Value, json};

/// Somebody registered in Hubei on 2 March 2026, in the June after it.
fn registered() -> World {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2026, 6, 1));
    world
}

/// A complete draft of a transfer out to `province`.
fn leaving_for(world: &mut World, province: &str) -> ApplicationId {
    let id = world.open(ApplicationKind::TransferOut);
    let details = json!({ "declaration": true, "transfer": { "province": province } });
    world.enter(&id, details).unwrap();
    id
}

/// Leaves for Beijing, and whatever reviewers there are agree.
fn left(world: &mut World) -> ApplicationId {
    let id = leaving_for(world, "11");
    world.submit(&id).unwrap();
    world.approve_all(&id);
    id
}

/// Hours of a seminar, `day` being the day it was on.
fn seminar(title: &str, day: CalendarDate, hours: f64) -> Value {
    json!({ "form": "seminar", "category": "professional", "title": title, "provider": "北京市社会工作协会",
        "done_from": day, "hours": hours })
}

/// What somebody says who was registered in Beijing from 2 March 2025 to 2 March 2028, with `hours` done there.
fn from_beijing(hours: Vec<Value>) -> Value {
    json!({ "province": "11", "registration_number": "京社登 2025-00123", "cycle_start": "2025-03-02",
        "valid_until": "2028-03-02", "hours": Value::Array(hours) })
}

/// A world on 1 June 2026 under `library`'s rules in which nobody is registered.
fn june(library: RuleLibrary) -> World {
    let mut world = World::new(noon(date(2026, 6, 1)));
    world.rules = Box::leak(Box::new(library));
    world
}

/// A complete draft of a transfer in with `details`.
fn arriving_with(world: &mut World, details: &Value) -> ApplicationId {
    let id = world.open(ApplicationKind::TransferIn);
    world.enter(&id, answers(json!({ "issued_on": "2024-11-20", "transfer": details }))).unwrap();
    for kind in [
        AttachmentKind::Photo,
        AttachmentKind::IdentityCardFront,
        AttachmentKind::IdentityCardBack,
        AttachmentKind::CertificateScan,
        AttachmentKind::TransferLetter,
    ] {
        world.attach(&id, kind);
    }
    id
}

/// Arrives with `details`, and gives the registration.
fn arrived(world: &mut World, details: &Value) -> Registration {
    let id = arriving_with(world, details);
    world.submit(&id).unwrap();
    world.approve_all(&id);
    world.registration().clone()
}
