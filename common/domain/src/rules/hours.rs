//! Rules of continuing education: how many hours, of what, from which forms, proved by what.

use super::{AttachmentRules, Citation, Ground, RuleSet, Sourced};
use crate::{
    application::Stage,
    certificate::CertificateLevel,
    credit::{Conversion, CreditForm, EvidenceKind, Hours, Particular},
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Continuing education.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursRules {
    /// 学时 or 小时, as the source says; never converted.
    pub unit: Sourced<String>,
    /// Hours a cycle asks for, by level.
    pub required: BTreeMap<CertificateLevel, Sourced<Hours>>,
    /// Least share of values and ethics, in percent of what is required.
    pub ethics_percent: Sourced<u8>,
    /// Whether hours dated before the first registration count in the first cycle.
    pub before_first_registration: Sourced<bool>,
    /// Whether one activity, recorded several times, counts once.
    pub one_activity_once: Sourced<bool>,
    /// The most that counts per cycle, by form; a form that isn't named has no cap.
    #[serde(default)]
    pub caps: BTreeMap<CreditForm, Sourced<Hours>>,
    /// The most that counts per cycle in all; none where it isn't named.
    #[serde(default)]
    pub cycle_cap: Option<Sourced<Hours>>,
    /// Each form of education.
    pub forms: BTreeMap<CreditForm, CreditFormRules>,
    /// What may be uploaded as evidence, and how many files one record may have.
    pub files: Sourced<AttachmentRules>,
    /// The stage whose reviewers decide claims.
    pub claim_stage: Sourced<Stage>,
    /// How many of a hundred records that count are drawn as a sample.
    pub audit_percent: Sourced<u8>,
    /// Calendar days a holder has to bring evidence for a record that was drawn.
    pub evidence_days: Sourced<u16>,
    /// Grounds for recognising in part, refusing and voiding.
    pub grounds: Sourced<Vec<Ground>>,
}

/// One form of education.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditFormRules {
    /// Whether it counts at all.
    pub accepted: Sourced<bool>,
    /// How it becomes hours.
    pub conversion: Sourced<Conversion>,
    /// What a claim must say beyond title and days.
    pub asks: Sourced<BTreeSet<Particular>>,
    /// What proves a claim: one file of any of these kinds. An empty list asks for none. What a provider records
    /// needs no evidence.
    pub evidence: Sourced<BTreeSet<EvidenceKind>>,
    /// Whether it must have been put on record (备案), and when; not where it isn't named.
    #[serde(default)]
    pub filing: Option<Sourced<Filing>>,
}

/// When an activity must have been put on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filing {
    /// It needn't.
    None,
    /// At any time.
    AnyTime,
    /// By the day it began.
    Beforehand,
}

impl RuleSet {
    /// The rules of `form`. Every form is there: the check of the rule set refuses one that lacks a form.
    pub fn credit_form(&self, form: CreditForm) -> Option<&CreditFormRules> {
        self.hours.forms.get(&form)
    }

    /// Quotes rule `rule` of `form`, with the origin that `value` picks.
    pub(crate) fn cite_form<T>(
        &self,
        form: CreditForm,
        rule: &str,
        value: impl FnOnce(&CreditFormRules) -> Option<&Sourced<T>>,
    ) -> Citation {
        self.credit_form(form).and_then(value).map_or_else(
            || self.cite("hours.unit", &self.hours.unit),
            |value| self.cite(&format!("hours.forms.{}.{rule}", form.key()), value),
        )
    }

    /// Quotes how many hours a cycle asks of `level`.
    pub fn cite_hours(&self, level: CertificateLevel) -> Citation {
        self.hours_required(level).map_or_else(
            || self.cite("hours.unit", &self.hours.unit),
            |hours| self.cite("hours.required", hours),
        )
    }
}
