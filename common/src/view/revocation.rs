//! A revocation as the holder and staff see it.

use domain::{
    actor::Actor,
    date::{CalendarDate, Instant},
    registration::{Registration, RegistrationNumber, RegistrationStatus},
    revocation::{Revocation, RevocationState},
    rules::RuleLibrary,
};
use serde::Serialize;

/// What was said against a revocation.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectionView {
    /// In the holder's words.
    pub text: String,
    /// When it arrived.
    pub at: Instant,
    /// True where staff entered it in the holder's name.
    pub entered_by_staff: bool,
}

/// How a revocation ended.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevocationEndView {
    /// On which day.
    pub on: CalendarDate,
    /// What was answered; empty where nobody had to say anything.
    pub note: String,
}

/// A revocation.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevocationView {
    /// The registration's number.
    pub registration_number: RegistrationNumber,
    /// How the registration stands.
    pub registration_status: RegistrationStatus,
    /// How far it has come.
    pub state: RevocationState,
    /// The same in Chinese.
    pub state_label: &'static str,
    /// The grounds with their facts, in Chinese.
    pub reasons: Vec<String>,
    /// When it was announced.
    pub announced_at: Instant,
    /// Last day to object.
    pub object_until: CalendarDate,
    /// True where the holder may object today.
    pub may_object: bool,
    /// What was said against it.
    pub objection: Option<ObjectionView>,
    /// How it ended.
    pub ended: Option<RevocationEndView>,
}

impl RevocationView {
    /// The last revocation of `registration` as of `today`.
    pub fn of(registration: &Registration, library: &RuleLibrary, today: CalendarDate) -> Option<Self> {
        let held: &Revocation = registration.revocation.as_deref()?;
        Some(Self {
            registration_number: registration.number.clone(),
            registration_status: registration.status,
            state: held.state,
            state_label: held.state.label(),
            reasons: held.reason_lines(library).into_iter().map(|line| line.text).collect(),
            announced_at: held.announced_at,
            object_until: held.object_until,
            may_object: held.may_object_on(today),
            objection: held.objection.as_ref().map(|objection| ObjectionView {
                text: objection.text.clone(),
                at: objection.at,
                entered_by_staff: matches!(objection.by, Actor::Staff(_)),
            }),
            ended: held.ended.as_ref().map(|end| RevocationEndView { on: end.on, note: end.note.clone() }),
        })
    }
}
