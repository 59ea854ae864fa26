//! The demo staff: one of each kind, for trying things out on this machine.

use crate::keys::Keys;
use common::{
    auth::totp::{InvalidTotpSecret, TotpSecret},
    http::App,
};
use domain::{actor::Role, date::Instant};
use session::NewStaff;

/// One member of the demo staff.
#[derive(Debug, Clone, Copy)]
pub struct DemoStaff {
    /// What they sign in as.
    pub username: &'static str,
    /// How the console addresses them.
    pub name: &'static str,
    /// What they may do.
    pub role: Role,
    /// The area they're appointed for.
    pub area: &'static str,
}

/// The demo staff, in the order of [`Keys::staff_totp`].
pub const STAFF: [DemoStaff; 5] = [
    DemoStaff { username: "admin", name: "省级管理员", role: Role::Administrator, area: "42" },
    DemoStaff { username: "chushen", name: "武汉初审员", role: Role::PreliminaryReviewer, area: "4201" },
    DemoStaff {
        username: "chushen-yichang",
        name: "宜昌初审员",
        role: Role::PreliminaryReviewer,
        area: "4205",
    },
    DemoStaff { username: "zhongshen", name: "湖北终审员", role: Role::FinalReviewer, area: "42" },
    DemoStaff { username: "peixun", name: "省社会工作培训中心", role: Role::Provider, area: "42" },
];

/// Appoints the demo staff where they aren't there yet.
pub async fn appoint(app: &App, keys: &Keys) -> anyhow::Result<()> {
    for (staff, totp) in STAFF.iter().zip(&keys.staff_totp) {
        let new = NewStaff {
            username: staff.username.to_owned(),
            name: staff.name.to_owned(),
            roles: [staff.role].into(),
            area: Some(staff.area.parse()?),
            email: None,
            identity: None,
        };
        session::appoint_demo(app, new, &keys.staff_password, totp).await?;
    }
    Ok(())
}

/// The code that `username`'s authenticator app would show at `now`.
pub fn code(keys: &Keys, username: &str, now: Instant) -> Option<Result<String, InvalidTotpSecret>> {
    let place = STAFF.iter().position(|staff| staff.username == username)?;
    let secret = keys.staff_totp.get(place)?;
    Some(TotpSecret::from_base32(secret).map(|secret| secret.code_at(now)))
}
