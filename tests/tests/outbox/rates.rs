//! Rates: as many a second as the provider takes, whoever sends; the most urgent first.

use crate::office::{FIRST_SWEEP, Office, after, office, start};
use common::{
    notify::{Door, Outcome, Pace, Postman},
    store::{Lane, SlotsWanted, Store},
};
use domain::{
    date::date,
    delivery::{Channel, Urgency},
    id::NoticeId,
    notice::NoticeCategory,
    notification::Message,
};
use futures_util::{StreamExt, future::join_all};
use reminder::{Job, Reminder};
use std::time::{Duration, Instant as Stopwatch, SystemTime, UNIX_EPOCH};

const STEP: Duration = Duration::from_millis(10);
const NOW: u64 = 1_800_000_000_000_000;

fn wanted(count: u32, within: Duration) -> SlotsWanted {
    SlotsWanted { channel: Channel::Mail, count, step: STEP, within }
}

async fn take(store: &Store, count: u32, within_millis: u64, now: u64) -> Option<std::ops::Range<u64>> {
    store.take_slots(wanted(count, Duration::from_millis(within_millis)), 0, now).await.unwrap()
}

#[tokio::test]
async fn slots_follow_one_another_and_what_nobody_used_is_not_saved_up() {
    let office = office().await;
    assert_eq!(take(&office.store, 3, 0, NOW).await, Some(NOW..NOW + 30_000));
    assert_eq!(take(&office.store, 1, 100, NOW).await, Some(NOW + 30_000..NOW + 40_000));
    // An hour in which nobody sent gives nobody more than the rate.
    let later = NOW + 3_600_000_000;
    assert_eq!(take(&office.store, 2, 100, later).await, Some(later..later + 20_000));
    assert_eq!(take(&office.store, 1, 100, later + 1).await, Some(later + 20_000..later + 30_000));
}

#[tokio::test]
async fn who_may_wait_longer_goes_first() {
    let office = office().await;
    // A second is taken ahead.
    assert!(take(&office.store, 100, 0, NOW).await.is_some());
    assert_eq!(take(&office.store, 1, 999, NOW).await, None);
    assert_eq!(take(&office.store, 1, 1000, NOW).await, Some(NOW + 1_000_000..NOW + 1_010_000));
}

#[tokio::test]
async fn no_slot_is_taken_twice_by_many_at_once() {
    let office = office().await;
    let taking = (0..40).map(|count| take(&office.store, 1 + count % 4, 60_000, NOW));
    let mut slots: Vec<_> = join_all(taking).await.into_iter().map(Option::unwrap).collect();
    slots.sort_by_key(|slots| slots.start);
    assert_eq!(slots[0].start, NOW);
    assert!(slots.windows(2).all(|pair| pair[0].end == pair[1].start), "{slots:?}");
}

#[tokio::test]
async fn providers_have_a_rate_each() {
    let office = office().await;
    assert!(take(&office.store, 100, 0, NOW).await.is_some());
    let other = SlotsWanted { channel: Channel::WeChat, ..wanted(1, Duration::ZERO) };
    assert_eq!(office.store.take_slots(other, 0, NOW).await.unwrap(), Some(NOW..NOW + 10_000));
}

/// A sender at `per_second` mails, with connections of its own.
fn sender(office: &Office, per_second: u32) -> Postman {
    office.postman().at_pace(Pace::new(Channel::Mail, per_second.try_into().unwrap()))
}

#[tokio::test]
async fn two_senders_together_keep_the_rate() {
    let office = office().await;
    let ids = office.write(0..60, start()).await;
    let messages: Vec<_> = ids.into_iter().map(|id| (Lane::Messages(Urgency::Urgent), id)).collect();
    office.clock.put(after(FIRST_SWEEP));
    let (first, second) = (sender(&office, 40), sender(&office, 40));
    let begun = Stopwatch::now();
    let (one, other) = messages.split_at(30);
    let outcomes = tokio::join!(
        first.send_each(Door::Sweep, one, &office.clock, || true).collect::<Vec<_>>(),
        second.send_each(Door::Sweep, other, &office.clock, || true).collect::<Vec<_>>()
    );
    let sent = outcomes
        .0
        .iter()
        .chain(&outcomes.1)
        .filter(|posted| posted.as_ref().unwrap().outcome == Outcome::Sent);
    assert_eq!(sent.count(), 60);
    // The first goes at once, and each of the others a fortieth of a second after another: no machine is too slow for that.
    assert!(begun.elapsed() >= Duration::from_millis(59 * 1000 / 40), "{:?}", begun.elapsed());
}

/// Uses the provider's rate up until a minute from now.
async fn use_up(store: &Store) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let minute = SlotsWanted {
        channel: Channel::Mail,
        count: 60,
        step: Duration::from_secs(1),
        within: Duration::ZERO,
    };
    let taken = store.take_slots(minute, 0, u64::try_from(now.as_micros()).unwrap()).await.unwrap();
    assert!(taken.is_some());
}

#[tokio::test]
async fn what_was_just_written_and_finds_no_room_is_left_to_the_sweep_untouched() {
    let office = office().await;
    let id = office.write_one().await;
    let before = office.item(&id).await;
    use_up(&office.store).await;
    let messages = [(Lane::Messages(Urgency::Urgent), id.clone())];
    let posted: Vec<_> =
        office.postman().send_each(Door::Stream, &messages, &office.clock, || true).collect().await;
    assert_eq!(posted[0].as_ref().unwrap().outcome, Outcome::Held);
    assert_eq!(office.item(&id).await, before);
    assert_eq!(office.mailbox.summaries().len(), 0);
}

#[tokio::test]
async fn a_sweep_that_finds_no_room_says_it_did_not_finish_and_touches_nothing() {
    let office = office().await;
    let id = office.write_one().await;
    let before = office.item(&id).await;
    use_up(&office.store).await;
    office.clock.put(after(FIRST_SWEEP));
    let reminder = Reminder::from_env(&office.env, &office.parts, office.clock.clone()).unwrap();
    let report = reminder.run(Job::Sweep, Duration::from_millis(600), |_| {}).await.unwrap();
    assert_eq!((report.sent, report.complete), (0, false));
    assert_eq!(office.item(&id).await, before);
}

fn reminder(days_left: i64) -> Message {
    let until = date(2029, 3, 1).plus_days(days_left);
    Message::FirstRegistrationDue { until, days_left, late_accepted: false }
}

#[tokio::test]
async fn a_deadline_within_a_week_goes_before_reminders_that_were_written_earlier() {
    let office = office().await;
    for second in 0..40 {
        office.write_to(&format!("early-{second}@example.com"), after(second), reminder(30)).await;
    }
    for second in 40..50 {
        office.write_to(&format!("urgent-{second}@example.com"), after(second), reminder(7)).await;
    }
    let report = office.sweep(after(FIRST_SWEEP + 60)).await;
    assert_eq!((report.sent, report.complete), (50, true));
    let mut order = office.mailbox.summaries();
    order.sort_by_key(|mail| mail.received_at);
    let urgent: Vec<_> = order.iter().map(|mail| mail.to.iter().any(|to| to.contains("urgent"))).collect();
    assert_eq!(urgent.iter().position(|urgent| !urgent), Some(10), "{urgent:?}");
}

fn notice(number: u32) -> Message {
    let published_at = start();
    Message::Notice {
        notice: NoticeId::mint(published_at.day(), number.into()),
        category: NoticeCategory::Policy,
        title: "政策解读".to_owned(),
        summary: String::new(),
        published_at,
        files: 0,
    }
}

#[tokio::test]
async fn what_is_written_to_many_delays_no_deadline() {
    const NOTICES: u32 = 120;
    let office = office().await;
    for number in 0..NOTICES {
        office.write_to(&format!("many-{number}@example.com"), after(number.into()), notice(number)).await;
    }
    let now = after(FIRST_SWEEP + i64::from(NOTICES));
    office.clock.put(now);
    let slow = sender(&office, 40);
    let bulk: Vec<_> = office
        .store
        .due_messages(Lane::Messages(Urgency::Bulk), now, 1000)
        .await
        .unwrap()
        .into_iter()
        .map(|id| (Lane::Messages(Urgency::Bulk), id))
        .collect();
    assert_eq!(bulk.len(), NOTICES as usize);
    let many = slow.send_each(Door::Sweep, &bulk, &office.clock, || true).collect::<Vec<_>>();
    let deadline = async {
        while office.mailbox.count() < 10 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let id = office.write_to("urgent@example.com", now, reminder(7)).await;
        let one = [(Lane::Messages(Urgency::Urgent), id)];
        // By another sender, as the stream's consumer is: what it finds taken is a second at the most.
        let posted: Vec<_> =
            sender(&office, 40).send_each(Door::Stream, &one, &office.clock, || true).collect().await;
        (posted[0].as_ref().unwrap().outcome, office.mailbox.count())
    };
    let (many, (outcome, arrived)) = tokio::join!(many, deadline);
    assert_eq!(outcome, Outcome::Sent);
    assert!(arrived < NOTICES as usize, "after {arrived} others");
    assert!(many.iter().all(|posted| posted.as_ref().unwrap().outcome == Outcome::Sent));
}
