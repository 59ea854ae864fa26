//! A rule set that contradicts itself is refused before anybody is judged by it.

use super::RuleSet;
use crate::{
    application::ApplicationKind, attachment::AttachmentKind, certificate::CertificateLevel, credit::Hours,
    form::Field,
};

/// The fields without which there is no registration, and nobody to tell of it.
const REGISTERED: [Field; 8] = [
    Field::Name,
    Field::IdentityDocument,
    Field::Email,
    Field::District,
    Field::ManagementNumber,
    Field::IssuedOn,
    Field::CertificateLevel,
    Field::Declaration,
];

/// What is wrong with a rule set, in words for whoever edits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction(pub String);

impl RuleSet {
    /// Everything in this set that contradicts something else in it; empty for a set that can be used.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let mut found = Vec::new();
        let mut require = |holds: bool, what: &str| {
            if !holds {
                found.push(Contradiction(what.to_owned()));
            }
        };

        let validity_months = u16::from(*self.renewal.validity_years) * 12;
        require(*self.renewal.validity_years > 0, "renewal.validity_years is zero");
        require(*self.renewal.window_months > 0, "renewal.window_months is zero: nobody could ever renew");
        require(
            u16::from(*self.renewal.window_months) < validity_months,
            "renewal.window_months is as long as the validity itself",
        );
        require(*self.first_registration.window_months > 0, "first_registration.window_months is zero");

        for field in REGISTERED {
            require(self.form.required.contains(&field), &format!("form.required lacks {field:?}"));
        }
        for level in CertificateLevel::ALL {
            require(self.hours.required.contains_key(&level), &format!("hours.required lacks {level:?}"));
        }
        require(*self.hours.ethics_percent <= 100, "hours.ethics_percent is over 100");
        let least = self.hours.required.values().map(|hours| **hours).min().unwrap_or(Hours::ZERO);
        let every_form_capped =
            crate::credit::CreditForm::ALL.iter().all(|form| self.hours.caps.contains_key(form));
        let caps = self.hours.caps.values().map(|cap| **cap).fold(Hours::ZERO, Hours::plus);
        require(!every_form_capped || caps >= least, "hours.caps together are below what is required");

        require(!self.review.stages.is_empty(), "review.stages is empty");
        let mut stages: Vec<_> = self.review.stages.iter().map(|rules| rules.stage).collect();
        let in_order = stages.is_sorted();
        stages.dedup();
        require(
            in_order && stages.len() == self.review.stages.len(),
            "review.stages are out of order or doubled",
        );
        for stage in &self.review.stages {
            require(matches!(stage.area_digits, 2 | 4 | 6), "a stage's area_digits is none of 2, 4, 6");
            require((1..=16).contains(&stage.queue_shards), "a stage's queue_shards is outside 1..=16");
        }
        require(*self.review.mend_days > 0, "review.mend_days is zero");
        require(*self.review.claim_minutes > 0, "review.claim_minutes is zero");

        for kind in ApplicationKind::ALL {
            require(
                self.required_attachments.contains_key(&kind),
                &format!("required_attachments lacks {kind:?}"),
            );
        }
        for kind in AttachmentKind::ALL {
            let rules = self.attachments.get(&kind);
            require(
                rules.is_some_and(|rules| {
                    rules.max_bytes > 0 && rules.max_files > 0 && !rules.content_types.is_empty()
                }),
                &format!("attachments.{kind:?} is missing or accepts nothing"),
            );
        }

        require(
            self.reminders.days_before.is_sorted_by(|a, b| a > b) && !self.reminders.days_before.is_empty(),
            "reminders.days_before isn't a falling list",
        );
        require(
            self.reminders.returned_days.is_sorted_by(|a, b| a < b),
            "reminders.returned_days isn't a rising list",
        );
        require(
            self.reminders.returned_days.last().is_none_or(|last| last < &self.review.mend_days),
            "reminders.returned_days reaches past review.mend_days",
        );
        let weekend = |days: &std::collections::BTreeSet<crate::date::CalendarDate>| {
            days.iter().all(|day| day.is_weekend())
        };
        require(weekend(&self.calendar.worked_weekends), "calendar.worked_weekends holds a weekday");
        require(!self.grounds.is_empty(), "grounds is empty: nothing could be returned");
        require(
            regex_lite::Regex::new(&self.management_number).is_ok(),
            "management_number isn't a regular expression",
        );
        found
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::RuleLibrary;
    use rstest::rstest;

    const HUBEI: &str = include_str!("../../rules/hubei.toml");

    #[test]
    fn the_sets_that_ship_hold_together() {
        for set in RuleLibrary::compiled_in().unwrap().iter() {
            assert_eq!(set.contradictions(), []);
        }
    }

    #[rstest]
    #[case("renewal.window_months", "window_months = { value = 3,", "window_months = { value = 36,")]
    #[case("form.required lacks Email", "\"mobile\", \"email\",", "\"mobile\",")]
    #[case("hours.required lacks", "senior_social_worker = {", "# senior_social_worker = {")]
    #[case("ethics_percent", "ethics_percent = { value = 0,", "ethics_percent = { value = 101,")]
    #[case("area_digits", "area_digits = 4", "area_digits = 3")]
    #[case("falling list", "[90, 60, 30, 14, 7, 1]", "[90, 60, 30, 14, 1, 7]")]
    #[case("mend_days", "mend_days = { value = 60,", "mend_days = { value = 5,")]
    fn a_set_that_contradicts_itself_is_refused(#[case] what: &str, #[case] from: &str, #[case] to: &str) {
        assert!(HUBEI.contains(from), "the rule set no longer has {from}");
        let error = RuleLibrary::parse(&[&HUBEI.replace(from, to)]).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}
