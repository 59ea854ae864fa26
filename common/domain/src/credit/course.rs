//! The courses of the catalogue.

use super::{Activity, CreditCategory, CreditForm, CreditRefusal, Hours, Particulars};
use crate::{
    date::{CalendarDate, Instant},
    form::ShortText,
    id::{CourseId, StaffId},
};
use serde::{Deserialize, Serialize};

/// A course of the catalogue: one event with its days. Held again, it's another course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Course {
    /// Its id.
    pub id: CourseId,
    /// Its title.
    pub title: ShortText,
    /// Who holds it.
    pub provider: ShortText,
    /// Its form.
    pub form: CreditForm,
    /// Ethics or not.
    pub category: CreditCategory,
    /// The hours of somebody who attended all of it.
    pub hours: Hours,
    /// 学时 or 小时, as the provider means them.
    pub unit: String,
    /// First day.
    pub from: CalendarDate,
    /// Last day.
    pub to: CalendarDate,
    /// Under which number and on which day it was put on record, where it's an in-house training.
    #[serde(default)]
    pub particulars: Particulars,
    /// The provider's account that offers it and records who attended.
    pub held_by: StaffId,
    /// When it was put into the catalogue.
    pub offered_at: Instant,
    /// When it was taken out again: nobody can claim it or be recorded for it from then on.
    #[serde(default)]
    pub withdrawn_at: Option<Instant>,
    /// Grows by one with each change.
    pub version: u64,
}

impl Course {
    /// Having attended it from `from` to `to`. Form, category, title and provider are the course's, whoever tells of
    /// it: two records of one course can't disagree on where they count.
    pub fn attended(&self, from: CalendarDate, to: CalendarDate) -> Activity {
        Activity {
            form: self.form,
            category: self.category,
            title: self.title.clone(),
            course: Some(self.id.clone()),
            provider: Some(self.provider.clone()),
            done_from: from,
            done_to: to,
            particulars: self.particulars.clone(),
        }
    }

    /// True once it was taken out of the catalogue.
    pub fn is_withdrawn(&self) -> bool {
        self.withdrawn_at.is_some()
    }

    /// Refuses a course that was taken out of the catalogue.
    pub(crate) fn check_offered(&self) -> Result<(), CreditRefusal> {
        if self.is_withdrawn() { Err(CreditRefusal::CourseWithdrawn) } else { Ok(()) }
    }
}
