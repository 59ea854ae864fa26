//! Mailing notices: what was planned is looked after, and the walk through the register goes on as far as there is room in
//! the outbox.
//!
//! Each step is one transaction, of messages and of how far the walk has come. A run that's cut off leaves a lease that
//! runs out; the next one goes on behind the last step that was written. Of two runs at once one loses, and lets go.

use crate::{Reminder, Report};
use common::store::{Lost, NoticeHeld, OutboxState, StoreError};
use domain::{
    date::Instant,
    id::{HolderId, NoticeId},
    notice::{Mailing, MailingState, Notice, SLICE, Settled},
    notification::Notification,
};
use futures_util::future::join_all;
use std::time::Instant as Stopwatch;

/// Seconds that a run has for its next step before another one may take the mailing up.
const LEASE_SECONDS: i64 = 60;
/// Seconds within which a message that was put back is waited for: it's only not its turn.
const SOON_SECONDS: i64 = 600;
/// Holders looked up at the same time.
const AT_ONCE: usize = 16;

/// A mailing that this run has under its lease.
struct Taken {
    notice: Notice,
    mailing: Mailing,
}

impl Reminder {
    /// Goes on with every mailing that nobody is at, those that wait longest first, until the outbox has as many messages
    /// of notices as it may have, or `until`.
    pub(crate) async fn mail_notices(
        &self,
        until: Stopwatch,
        report: &mut Report,
        progress: &(impl Fn(&Report) + Sync),
    ) -> Result<(), StoreError> {
        let mut taken = Vec::new();
        for id in self.store.unfinished_mailings(self.clock.now()).await? {
            match Box::pin(self.take_up(&id)).await {
                Ok(found) => taken.extend(found),
                Err(error) => self.failed(&id, &error, report),
            }
        }
        let waiting: usize = taken.iter().map(|taken| taken.mailing.open.len()).sum();
        let mut room = self.bulk.saturating_sub(waiting);
        for Taken { notice, mailing } in taken {
            let id = notice.id.clone();
            match Box::pin(self.mail(&notice, mailing, &mut room, until, report)).await {
                Ok(complete) => report.complete &= complete,
                Err(error) => self.failed(&id, &error, report),
            }
            progress(report);
        }
        Ok(())
    }

    #[allow(clippy::unused_self)] // beside the others that report
    fn failed(&self, id: &NoticeId, error: &StoreError, report: &mut Report) {
        tracing::error!(%error, code = error.code(), notice = %id, "a mailing was left half way");
        report.failed += 1;
        report.complete = false;
    }

    fn lease(&self) -> Instant {
        self.clock.now().plus_seconds(LEASE_SECONDS)
    }

    /// Takes the mailing of `id` up and counts what became of its messages; none where there is nothing to do, or somebody
    /// else is at it.
    async fn take_up(&self, id: &NoticeId) -> Result<Option<Taken>, StoreError> {
        let Some(held) = self.store.notice_held(id).await? else { return Ok(None) };
        let NoticeHeld { notice, mailing: Some(mailing), stopped_at } = held else { return Ok(None) };
        let now = self.clock.now();
        let Some(begun) = mailing.begin(self.lease(), now) else { return Ok(None) };
        let begun = begun.stopped(stopped_at);
        let settled = self.settled(&notice, &begun.open).await?;
        let mailing = begun.settle(settled);
        let written = self.written(&mailing, Vec::new()).await?;
        Ok(written.then_some(Taken { notice, mailing }))
    }

    /// What became of the messages to `open`.
    async fn settled(&self, notice: &Notice, open: &[HolderId]) -> Result<Settled, StoreError> {
        let items = self.store.outbox_items(open.iter().map(|holder| notice.message_id(holder))).await?;
        let soon = self.clock.now().plus_seconds(SOON_SECONDS);
        let mut settled = Settled::default();
        for holder in open {
            let item = items.get(&notice.message_id(holder));
            match item.map(|item| (item.state, item)) {
                // Put back untried till a time that's far: its reader wants it then.
                Some((OutboxState::Pending, item)) if item.attempts == 0 && item.next_attempt > soon => {
                    settled.later += 1;
                }
                Some((OutboxState::Pending, _)) => settled.open.push(holder.clone()),
                Some((OutboxState::Dead, _)) => settled.failed += 1,
                Some((OutboxState::Withheld, _)) => settled.withheld += 1,
                // One that isn't there any more was sent more than a year ago.
                Some((OutboxState::Sent, _)) | None => settled.sent += 1,
            }
        }
        Ok(settled)
    }

    /// Walks on as far as there is room, and lays the mailing down. False where time ran out.
    async fn mail(
        &self,
        notice: &Notice,
        mut mailing: Mailing,
        room: &mut usize,
        until: Stopwatch,
        report: &mut Report,
    ) -> Result<bool, StoreError> {
        let mut in_time = true;
        while mailing.state == MailingState::Running && *room > 0 {
            if Stopwatch::now() >= until {
                in_time = false;
                break;
            }
            let step = self.store.walk(notice, &mailing.place, SLICE.min(*room)).await?;
            let messages = self.letters(notice, &step.holders).await?;
            let to: Vec<_> = messages.iter().map(|message| message.holder.clone()).collect();
            let next = mailing.plan(&to, step.looked_at, step.next, self.lease());
            if !self.written(&next, messages).await? {
                return Ok(true);
            }
            mailing = next;
            *room -= to.len().min(*room);
            report.notices_planned += to.len() as u64;
        }
        self.written(&mailing.hand_on(self.clock.now()), Vec::new()).await?;
        Ok(in_time)
    }

    /// The messages to those of `holders` whom the notice is mailed to and who have none yet: a holder of two registrations
    /// is met twice.
    async fn letters(&self, notice: &Notice, holders: &[HolderId]) -> Result<Vec<Notification>, StoreError> {
        let known = self.store.outbox_items(holders.iter().map(|holder| notice.message_id(holder))).await?;
        let new = holders.iter().filter(|holder| !known.contains_key(&notice.message_id(holder)));
        let new: Vec<_> = new.collect();
        let mut messages = Vec::new();
        let now = self.clock.now();
        for part in new.chunks(AT_ONCE) {
            let found = join_all(part.iter().map(|holder| self.store.registrations_of(holder))).await;
            for (holder, registrations) in part.iter().zip(found) {
                let registrations = registrations?;
                let reached = notice.audience.mailed(notice.area.as_ref(), &registrations, now.day());
                messages.extend(reached.map(|registration| {
                    notice.message(holder, registration.name.as_str(), &registration.email, now)
                }));
            }
        }
        Ok(messages)
    }

    /// Writes a mailing's next version with what it plans. False where somebody else is at it, or it was stopped.
    async fn written(&self, mailing: &Mailing, messages: Vec<Notification>) -> Result<bool, StoreError> {
        match self.store.commit_mailing(mailing, messages, self.clock.now()).await {
            Ok(()) => Ok(true),
            Err(Lost::Stale) => Ok(false),
            Err(Lost::Store(error)) => Err(error),
            Err(lost) => Err(StoreError::Failed(lost.to_string())),
        }
    }
}
