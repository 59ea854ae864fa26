//! How messages stand, and what becomes of an address.

use super::*;
use crate::{
    application::ApplicationKind,
    contact::EmailAddress,
    date::date,
    id::{ApplicationId, HolderId},
    notification::{Message, Notification},
};
use rstest::rstest;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn monday() -> Instant {
    at("2026-03-02T09:00:00+08:00")
}

fn attempt(outcome: AttemptOutcome) -> Attempt {
    Attempt { at: monday(), channel: Channel::Mail, outcome, detail: None }
}

fn said(kind: FeedbackKind) -> Feedback {
    Feedback { kind, at: monday(), detail: String::new() }
}

#[rstest]
#[case::new(true, &[], None, DeliveryState::Waiting)]
#[case::tried(true, &[AttemptOutcome::Deferred], None, DeliveryState::Waiting)]
#[case::taken(false, &[AttemptOutcome::Deferred, AttemptOutcome::Accepted], None, DeliveryState::Accepted)]
#[case::refused(false, &[AttemptOutcome::Refused], None, DeliveryState::Refused)]
#[case::withheld(false, &[AttemptOutcome::Withheld], None, DeliveryState::Withheld)]
#[case::given_up(false, &[AttemptOutcome::Deferred], None, DeliveryState::GivenUp)]
#[case::senders_died(false, &[], None, DeliveryState::GivenUp)]
#[case::delayed(false, &[AttemptOutcome::Accepted], Some(FeedbackKind::Delayed), DeliveryState::Accepted)]
#[case::delivered(false, &[AttemptOutcome::Accepted], Some(FeedbackKind::Delivered), DeliveryState::Delivered)]
#[case::came_back(false, &[AttemptOutcome::Accepted], Some(FeedbackKind::BouncedForNow), DeliveryState::Bounced)]
#[case::bounced(false, &[AttemptOutcome::Accepted], Some(FeedbackKind::Bounced), DeliveryState::Bounced)]
#[case::not_sent(false, &[AttemptOutcome::Accepted], Some(FeedbackKind::Rejected), DeliveryState::Refused)]
#[case::spam(false, &[AttemptOutcome::Accepted], Some(FeedbackKind::Complained), DeliveryState::Complained)]
// The provider may be quicker than our own mark.
#[case::before_the_mark(true, &[], Some(FeedbackKind::Delivered), DeliveryState::Delivered)]
fn a_message_stands(
    #[case] open: bool,
    #[case] outcomes: &[AttemptOutcome],
    #[case] feedback: Option<FeedbackKind>,
    #[case] state: DeliveryState,
) {
    let attempts: Vec<_> = outcomes.iter().copied().map(attempt).collect();
    assert_eq!(DeliveryState::of(open, &attempts, feedback.map(said).as_ref()), state);
}

fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

fn bounce(text: &str, written: Instant) -> BouncedAddress {
    BouncedAddress { address: address(text), since: monday(), written, detail: "5.1.1".to_owned() }
}

fn standing() -> MailStanding {
    MailStanding::new(HolderId::mint(7))
}

fn notification(to: &str, message: Message) -> Notification {
    let holder = HolderId::mint(7);
    Notification {
        id: "m".to_owned(),
        holder,
        to: address(to),
        name: "张三".to_owned(),
        at: monday(),
        message,
    }
}

fn withdrawn() -> Message {
    let application = ApplicationId::mint(&HolderId::mint(7), date(2026, 2, 20), 1);
    Message::Withdrawn { application, kind: ApplicationKind::First }
}

fn due() -> Message {
    Message::FirstRegistrationDue { until: date(2026, 4, 1), days_left: 30, late_accepted: true }
}

#[test]
fn an_address_that_bounced_gets_nothing_and_another_one_does() {
    let standing = standing().after_bounce(bounce("old@example.com", monday())).unwrap();
    assert_eq!(standing.version, 1);
    for message in [withdrawn(), due()] {
        let to = |text| standing.withholds(&notification(text, message.clone()));
        assert_eq!(to("old@example.com"), Some(Withheld::AddressBounced));
        assert_eq!(to("old@EXAMPLE.com"), Some(Withheld::AddressBounced));
        assert_eq!(to("new@example.com"), None);
    }
}

#[test]
fn a_bounce_that_is_told_again_or_late_changes_nothing() {
    let later = monday().plus_seconds(60);
    let first = standing().after_bounce(bounce("old@example.com", monday())).unwrap();
    assert_eq!(first.after_bounce(bounce("old@example.com", later)), None);
    let second = first.after_bounce(bounce("new@example.com", later)).unwrap();
    assert_eq!(second.version, 2);
    assert_eq!(second.after_bounce(bounce("old@example.com", monday())), None);
}

#[test]
fn who_wants_no_reminders_still_gets_what_the_office_has_to_tell() {
    let off = standing().with_reminders(false, monday()).unwrap();
    let to = |message| off.withholds(&notification("a@example.com", message));
    assert_eq!(to(due()), Some(Withheld::Unsubscribed));
    assert_eq!(to(withdrawn()), None);
    assert_eq!(off.with_reminders(false, monday().plus_seconds(1)), None);
    assert_eq!(off.with_reminders(true, monday()), None, "said before");
    let on = off.with_reminders(true, monday().plus_seconds(1)).unwrap();
    assert_eq!(on.withholds(&notification("a@example.com", due())), None);
    assert_eq!(on.version, 2);
}
