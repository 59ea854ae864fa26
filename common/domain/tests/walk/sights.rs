//! What a walk can meet. Walks that never meet some of it would prove little of what always holds.

use crate::common::World;
use domain::{
    actor::Actor,
    application::{Application, ApplicationKind, Change, JournalAction, Stage, State},
    notification::Message,
    registration::RegistrationStatus,
    revocation::RevocationState,
};

/// What all walks together must have met.
pub const SIGHTS: [&str; 35] = [
    "registered",
    "registered late",
    "registered again",
    "renewed",
    "renewed after expiry",
    "changed at once",
    "changed by approval",
    "identity changed",
    "cancelled",
    "lapsed by the job",
    "lapsed when a renewal ended",
    "returned",
    "approved after a return",
    "amended after the first stage",
    "refused",
    "withdrawn",
    "risen past the limit",
    "approved where it rose to",
    "not mended in time",
    "reminded of a renewal",
    "reminded of the first window",
    "reminded of mending",
    "transferred in",
    "transferred in after another end",
    "transferred out",
    "revocation announced",
    "revoked by the job",
    "revoked when an objection was dismissed",
    "objection upheld",
    "revocation dropped",
    "revocation overtaken",
    "renewed while a revocation ran",
    "closed with its registration",
    "claimed_by_other",
    "own_application",
];

/// What `change` shows, that led from `before` to `after`.
pub fn sights(before: &World, change: &Change, after: &World) -> Vec<&'static str> {
    use ApplicationKind::{Cancellation, First, Renewal, TransferIn, TransferOut};
    let action = change.journal.action;
    let next = change.application.as_ref();
    let previous = next.and_then(|next| before.dossier.application(&next.id));
    let approved = next.filter(|next| next.state == State::Approved);
    let is = |kind| approved.is_some_and(|next| next.kind == kind);
    let changed = is(ApplicationKind::Change);
    let expired =
        before.dossier.active_registration().is_some_and(|held| before.now.day() > held.valid_until);
    let lapsed = change.registration.as_ref().is_some_and(|held| held.status == RegistrationStatus::Lapsed);
    let told = |wanted: fn(&Message) -> bool| change.notifications.iter().any(|told| wanted(&told.message));
    let by_job = change.journal.actor == Actor::System;
    let revocation =
        change.registration.as_ref().and_then(|held| held.revocation.as_ref()).map(|held| held.state);
    let document = |world: &World| world.dossier.profile.form.identity_document.clone();
    let all = [
        ("registered", is(First)),
        ("registered late", approved.is_some_and(|next| next.late)),
        ("registered again", is(First) && !before.dossier.registrations.is_empty()),
        ("renewed", is(Renewal)),
        ("renewed after expiry", is(Renewal) && expired),
        ("changed at once", changed && action == JournalAction::Submitted),
        ("changed by approval", changed && action == JournalAction::Approved),
        ("identity changed", changed && document(before) != document(after)),
        ("cancelled", is(Cancellation)),
        ("lapsed by the job", action == JournalAction::Lapsed),
        ("lapsed when a renewal ended", lapsed && action != JournalAction::Lapsed),
        ("returned", action == JournalAction::Returned),
        ("approved after a return", approved.is_some_and(|next| next.receipt.as_ref().unwrap().count > 1)),
        (
            "amended after the first stage",
            action == JournalAction::Amended && previous.and_then(Application::stage) == Some(Stage::Final),
        ),
        ("refused", action == JournalAction::Refused),
        ("withdrawn", action == JournalAction::Withdrawn),
        ("risen past the limit", action == JournalAction::Escalated),
        (
            "approved where it rose to",
            action == JournalAction::Approved
                && previous.is_some_and(|held| held.decided_at() != held.stage()),
        ),
        ("not mended in time", action == JournalAction::Expired),
        ("reminded of a renewal", told(|message| matches!(message, Message::RenewalDue { .. }))),
        (
            "reminded of the first window",
            told(|message| matches!(message, Message::FirstRegistrationDue { .. })),
        ),
        ("transferred in", is(TransferIn)),
        ("transferred in after another end", is(TransferIn) && !before.dossier.registrations.is_empty()),
        ("transferred out", is(TransferOut)),
        ("revocation announced", action == JournalAction::RevocationAnnounced),
        ("revoked by the job", action == JournalAction::Revoked && by_job),
        ("revoked when an objection was dismissed", action == JournalAction::Revoked && !by_job),
        ("objection upheld", action == JournalAction::RevocationUpheld),
        ("revocation dropped", action == JournalAction::RevocationDropped),
        ("revocation overtaken", lapsed && revocation == Some(RevocationState::Overtaken)),
        ("renewed while a revocation ran", is(Renewal) && revocation.is_some_and(RevocationState::is_open)),
        ("closed with its registration", !change.closed.is_empty()),
        ("reminded of mending", told(|message| matches!(message, Message::ReturnedReminder { .. }))),
    ];
    all.into_iter().filter_map(|(sight, met)| met.then_some(sight)).collect()
}
