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
    let off = standing().unsubscribed(monday()).unwrap();
    let to = |message| off.withholds(&notification("a@example.com", message));
    assert_eq!(to(due()), Some(Withheld::Unsubscribed));
    assert_eq!(to(withdrawn()), None);
    assert_eq!(off.unsubscribed(monday().plus_seconds(1)), None);
    let wanted = Wishes { reminders: true, ..off.wishes() };
    assert_eq!(off.wishing(wanted, monday()), None, "said before");
    let on = off.wishing(wanted, monday().plus_seconds(1)).unwrap();
    assert_eq!(on.withholds(&notification("a@example.com", due())), None);
    assert_eq!(on.version, 2);
}

fn quiet(from: &str, until: &str) -> QuietHours {
    QuietHours::new(from.parse().unwrap(), until.parse().unwrap()).unwrap()
}

fn on_monday(text: &str) -> Instant {
    format!("2026-03-02T{text}+08:00").parse().unwrap()
}

#[rstest]
#[case::before("21:59:59", None)]
#[case::the_first_moment("22:00:00", Some("2026-03-03T07:30:00+08:00"))]
#[case::at_midnight("00:00:00", Some("2026-03-02T07:30:00+08:00"))]
#[case::the_last_moment("07:29:59", Some("2026-03-02T07:30:00+08:00"))]
#[case::their_end("07:30:00", None)]
#[case::at_noon("12:00:00", None)]
fn quiet_hours_over_midnight(#[case] now: &str, #[case] end: Option<&str>) {
    let end = end.map(|end| end.parse().unwrap());
    assert_eq!(quiet("22:00", "07:30").end_at(on_monday(now)), end);
}

#[rstest]
#[case::before("11:59:59", None)]
#[case::the_first_moment("12:00:00", Some("14:00:00"))]
#[case::the_last_moment("13:59:59", Some("14:00:00"))]
#[case::their_end("14:00:00", None)]
fn quiet_hours_at_noon(#[case] now: &str, #[case] end: Option<&str>) {
    assert_eq!(quiet("12:00", "14:00").end_at(on_monday(now)), end.map(on_monday));
}

#[test]
fn quiet_hours_last_less_than_a_day_and_some_time() {
    let time = |text: &str| text.parse::<TimeOfDay>();
    assert_eq!(QuietHours::new(time("08:00").unwrap(), time("08:00").unwrap()), None);
    for nonsense in ["24:00", "08:60", "8:00", "08:0", "0800", "", "+8:00", "08:00:00", "八点"] {
        assert_eq!(time(nonsense), Err(InvalidTimeOfDay), "{nonsense}");
    }
    assert_eq!(time("23:59").unwrap().to_string(), "23:59");
}

/// A reminder written at that time of that Monday, of a day so many days away.
fn reminder(written: &str, days_left: i64) -> Notification {
    let message = Message::FirstRegistrationDue { until: date(2026, 4, 1), days_left, late_accepted: true };
    Notification { at: on_monday(written), ..notification("a@example.com", message) }
}

fn wishing(quiet: Option<QuietHours>, digest: bool) -> MailStanding {
    standing().wishing(Wishes { reminders: true, quiet, digest }, monday()).unwrap()
}

#[test]
fn what_can_wait_waits_for_the_end_of_quiet_hours() {
    let night = wishing(Some(quiet("22:00", "08:00")), false);
    let holds = |days_left, now| night.holds(&reminder("09:00:00", days_left), on_monday(now));
    assert_eq!(holds(30, "23:00:00"), Some("2026-03-03T08:00:00+08:00".parse().unwrap()));
    assert_eq!(holds(30, "12:00:00"), None);
    assert_eq!(holds(7, "23:00:00"), None, "a deadline within a week doesn't");
    assert_eq!(
        night.holds(&notification("a@example.com", withdrawn()), on_monday("23:00:00")),
        None,
        "nor a decision"
    );
}

#[rstest]
#[case::written_early("07:59:59", "08:00:00", None)]
#[case::written_at_eight("08:00:00", "23:59:59", Some("2026-03-03T08:00:00+08:00"))]
#[case::before_the_next_morning("09:00:00", "12:00:00", Some("2026-03-03T08:00:00+08:00"))]
fn what_can_wait_waits_for_the_morning(
    #[case] written: &str,
    #[case] now: &str,
    #[case] until: Option<&str>,
) {
    let until = until.map(|until| until.parse().unwrap());
    assert_eq!(wishing(None, true).holds(&reminder(written, 30), on_monday(now)), until);
    assert_eq!(wishing(None, true).holds(&reminder(written, 7), on_monday(now)), None);
}

#[test]
fn a_digest_within_quiet_hours_waits_for_their_end() {
    let late_riser = wishing(Some(quiet("20:00", "10:00")), true);
    let until = late_riser.holds(&reminder("12:00:00", 30), on_monday("12:01:00"));
    assert_eq!(until, Some("2026-03-03T10:00:00+08:00".parse().unwrap()));
}
