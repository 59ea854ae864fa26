//! What the figures for policy break the register down by. The register keeps these traits beside the registration, since
//! a holder's form is theirs, and figures must not need the keys that open it.

use crate::{
    form::{EducationLevel, EmploymentStatus, Field, Form, PracticeField},
    identity::IdentityDocument,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The traits of one registered person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Traits {
    /// The year of birth, as the identity document tells it; none where it doesn't.
    pub born: Option<i32>,
    /// 学历
    pub education: Option<EducationLevel>,
    /// 从业状态
    pub employment_status: Option<EmploymentStatus>,
    /// 从事社会工作领域; none of who doesn't practise.
    pub practice_field: Option<PracticeField>,
}

impl Traits {
    /// The traits that `form` tells.
    pub fn of(form: &Form) -> Self {
        Self {
            born: form.identity_document.as_ref().and_then(IdentityDocument::birth_year),
            education: form.education,
            employment_status: form.employment_status,
            practice_field: form.practice_field,
        }
    }

    /// These traits with those of the `changed` fields of `form`.
    #[must_use]
    pub fn with(self, changed: &BTreeSet<Field>, form: &Form) -> Self {
        let of = Self::of(form);
        let mut next = self;
        if changed.contains(&Field::IdentityDocument) {
            next.born = of.born;
        }
        if changed.contains(&Field::Education) {
            next.education = of.education;
        }
        if changed.contains(&Field::EmploymentStatus) {
            next.employment_status = of.employment_status;
        }
        if changed.contains(&Field::PracticeField) {
            next.practice_field = of.practice_field;
        }
        next
    }
}
