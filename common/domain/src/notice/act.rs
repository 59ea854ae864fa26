//! What is done with a notice: published, pinned, withdrawn.

use super::{MOST_DAYS_AHEAD, MOST_REASON, Notice, NoticeRefusal, NoticeState, Withdrawal, draft::reason};
use crate::{actor::Administrator, date::Instant};

impl Notice {
    /// The notice as it's published: `at` a time to come, or now. One that is scheduled can be moved, or published at once.
    ///
    /// # Errors
    ///
    /// [`NoticeRefusal::OutsideArea`] where its audience isn't all within the area of `by`;
    /// [`NoticeRefusal::AlreadyPublished`], [`NoticeRefusal::Withdrawn`]; [`NoticeRefusal::InvalidFields`] for a time that
    /// is past or more than [`MOST_DAYS_AHEAD`] ahead.
    pub fn publish(
        &self,
        at: Option<Instant>,
        by: &Administrator,
        now: Instant,
    ) -> Result<Self, NoticeRefusal> {
        if !self.audience.lies_within(self.area.as_ref(), by.area.as_ref()) {
            return Err(NoticeRefusal::OutsideArea);
        }
        match self.state(now) {
            NoticeState::Withdrawn => return Err(NoticeRefusal::Withdrawn),
            NoticeState::Published => return Err(NoticeRefusal::AlreadyPublished),
            NoticeState::Draft | NoticeState::Scheduled => {}
        }
        if at.is_some_and(|at| at <= now) {
            return Err(NoticeRefusal::invalid(
                "at",
                "time_in_past",
                "发布时间应晚于现在；立即发布请不填时间",
            ));
        }
        if at.is_some_and(|at| at > now.plus_seconds(MOST_DAYS_AHEAD * 86_400)) {
            let detail = format!("发布时间最多可定在 {MOST_DAYS_AHEAD} 天以内");
            return Err(NoticeRefusal::invalid("at", "time_too_far", &detail));
        }
        Ok(Self { publish_at: Some(at.unwrap_or(now)), ..self.next() })
    }

    /// The notice before the others, or among them again; none where it stands so already.
    ///
    /// # Errors
    ///
    /// [`NoticeRefusal::Withdrawn`].
    pub fn pin(&self, pinned: bool) -> Result<Option<Self>, NoticeRefusal> {
        if self.withdrawn.is_some() {
            return Err(NoticeRefusal::Withdrawn);
        }
        Ok((self.pinned != pinned).then(|| Self { pinned, ..self.next() }))
    }

    /// The notice as it's withdrawn, for good.
    ///
    /// # Errors
    ///
    /// [`NoticeRefusal::Withdrawn`] where it was before; [`NoticeRefusal::InvalidFields`] without a reason.
    pub fn withdraw(&self, why: &str, now: Instant) -> Result<Self, NoticeRefusal> {
        if self.withdrawn.is_some() {
            return Err(NoticeRefusal::Withdrawn);
        }
        let withdrawal = Withdrawal { at: now, reason: reason(why, MOST_REASON)? };
        Ok(Self { withdrawn: Some(withdrawal), ..self.next() })
    }
}
