//! A rule set that contradicts itself is refused before anybody is judged by it.

use super::{AttachmentRules, CreditFormRules, Filing, RuleSet};
use crate::{
    actor::Role,
    application::ApplicationKind,
    attachment::AttachmentKind,
    certificate::CertificateLevel,
    credit::{Conversion, CreditForm, Hours, Particular},
    education::GROUND_ENDED,
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
        self.check_hours(&mut require);

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
        for (place, stage) in self.review.stages.iter().enumerate() {
            let Some(to) = &stage.rises_to else { continue };
            let mut later = self.review.stages[place + 1..].iter();
            let above =
                later.any(|above| above.stage.reviewer() == **to && above.area_digits <= stage.area_digits);
            require(above || **to == Role::Administrator, "a stage rises to nobody above it");
        }
        require(
            *self.review.due_soon_working_days < *self.review.decision_working_days,
            "review.due_soon_working_days is as long as the limit itself",
        );
        require(*self.review.mend_days > 0, "review.mend_days is zero");
        require(*self.review.claim_minutes > 0, "review.claim_minutes is zero");

        for kind in ApplicationKind::ALL {
            require(
                self.required_attachments.contains_key(&kind),
                &format!("required_attachments lacks {kind:?}"),
            );
        }
        let papers = self.required_attachments.get(&ApplicationKind::TransferIn);
        require(
            papers.is_none_or(|papers| papers.contains(&AttachmentKind::TransferLetter)),
            "required_attachments.transfer_in lacks transfer_letter: nothing would prove the registration elsewhere",
        );
        require(
            *self.transfer.keeps_validity || *self.hours.before_first_registration,
            "transfer.keeps_validity and hours.before_first_registration are both false: no hour brought along would \
             ever count",
        );
        require(
            self.hours.grounds.iter().any(|ground| ground.code == GROUND_ENDED),
            "hours.grounds lacks registration_ended, which hours are closed with",
        );
        for kind in AttachmentKind::ALL {
            let rules = self.attachments.get(&kind);
            require(
                rules.is_some_and(AttachmentRules::accepts_something),
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
        require(!self.grounds.is_empty(), "grounds is empty: nothing could be returned");
        require(
            regex_lite::Regex::new(&self.management_number).is_ok(),
            "management_number isn't a regular expression",
        );
        self.check_revocation(&mut found);
        found
    }
}

impl RuleSet {
    /// Hours: what is asked for can be reached, by forms that can be claimed.
    fn check_hours(&self, require: &mut impl FnMut(bool, &str)) {
        let hours = &self.hours;
        require(matches!(hours.unit.as_str(), "学时" | "小时"), "hours.unit is neither 学时 nor 小时");
        let most = hours.required.values().map(|hours| **hours).max().unwrap_or(Hours::ZERO);
        let accepted = |form: &CreditForm| hours.forms.get(form).is_some_and(|rules| *rules.accepted);
        let forms: Vec<_> = CreditForm::ALL.into_iter().filter(accepted).collect();
        require(!forms.is_empty() || most.is_zero(), "hours.forms accepts none, and hours are required");
        // None where one of them has no cap.
        let caps: Option<Hours> = forms.iter().map(|form| hours.caps.get(form).map(|cap| **cap)).sum();
        require(caps.is_none_or(|caps| caps >= most), "hours.caps together are below what is required");
        if let Some(cap) = &hours.cycle_cap {
            require(**cap >= most, "hours.cycle_cap is below what is required");
        }
        for form in CreditForm::ALL {
            let key = form.key();
            let Some(rules) = hours.forms.get(&form) else {
                require(false, &format!("hours.forms lacks {key}"));
                continue;
            };
            let cap = hours.caps.get(&form);
            require(
                cap.is_none_or(|cap| !cap.is_zero()),
                &format!("hours.caps.{key} is zero: don't accept the form"),
            );
            require(
                cap.is_none() || *rules.accepted,
                &format!("hours.caps.{key} caps a form that isn't accepted"),
            );
            check_conversion(key, form, rules, require);
            require(
                form != CreditForm::Degree
                    || !*hours.one_activity_once
                    || rules.asks.contains(&Particular::DegreeLevel),
                "hours.forms.degree.asks doesn't say which degree it is, and each counts once",
            );
            let filing = rules.filing.as_ref().map_or(Filing::None, |filing| **filing);
            let asks = |particular| rules.asks.contains(&particular);
            require(
                (filing == Filing::None || asks(Particular::FilingNumber))
                    && (filing != Filing::Beforehand || asks(Particular::FiledOn)),
                &format!("hours.forms.{key}.filing needs what hours.forms.{key}.asks doesn't ask for"),
            );
        }
        let stages = self.review.stages.iter().map(|rules| rules.stage);
        require(
            stages.into_iter().any(|stage| stage == *hours.claim_stage),
            "hours.claim_stage is none of review.stages",
        );
        require(*hours.audit_percent <= 100, "hours.audit_percent is over 100");
        require(hours.files.accepts_something(), "hours.files accepts nothing");
        require(*hours.evidence_days > 0, "hours.evidence_days is zero");
        require(!hours.grounds.is_empty(), "hours.grounds is empty: nothing could be refused");
    }
}

/// A conversion gives hours, more for more, and needs nothing that a claim isn't asked for.
fn check_conversion(
    key: &str,
    form: CreditForm,
    rules: &CreditFormRules,
    require: &mut impl FnMut(bool, &str),
) {
    let conversion = format!("hours.forms.{key}.conversion");
    match &*rules.conversion {
        Conversion::Attended | Conversion::Claimed => {}
        Conversion::Each { hours } => require(!hours.is_zero(), &format!("{conversion} gives nothing")),
        Conversion::Degree { hours } => {
            require(!hours.is_zero(), &format!("{conversion} gives nothing"));
            require(form == CreditForm::Degree, &format!("{conversion} is that of a degree"));
        }
        Conversion::Table { rows } => {
            require(!rows.is_empty(), &format!("{conversion} has no rows"));
            for row in rows {
                require(!row.hours.is_zero(), &format!("{conversion} has a row that gives nothing"));
                for (needed, particular) in [
                    (row.journal_class.is_some(), Particular::JournalClass),
                    (row.min_words > 0, Particular::Words),
                    (row.min_pages > 0, Particular::Pages),
                ] {
                    require(
                        !needed || rules.asks.contains(&particular),
                        &format!("{conversion} goes by {}, which asks doesn't ask for", particular.key()),
                    );
                }
            }
            for (index, row) in rows.iter().enumerate() {
                for other in &rows[index + 1..] {
                    let same = row.journal_class == other.journal_class
                        && (row.min_words, row.min_pages) == (other.min_words, other.min_pages);
                    require(!same, &format!("{conversion} has two rows for the same"));
                    let asks_more = row.journal_class == other.journal_class
                        && row.min_words >= other.min_words
                        && row.min_pages >= other.min_pages;
                    let asks_less = row.journal_class == other.journal_class
                        && row.min_words <= other.min_words
                        && row.min_pages <= other.min_pages;
                    require(
                        same || ((!asks_more || row.hours > other.hours)
                            && (!asks_less || row.hours < other.hours)),
                        &format!("{conversion} gives less for more"),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{credit::CreditForm, rules::RuleLibrary};
    use rstest::rstest;

    const HUBEI: &str = include_str!("../../rules/hubei.toml");
    const NATIONAL: &str = include_str!("../../rules/national.toml");
    const SEMINAR: &str = "[hours.forms.seminar]
accepted = { value = true, source = \"guide\", verified = true }
conversion = { value = { by = \"attended\" }, source = \"service\", verified = false }
asks = { value = [], source = \"service\", verified = false }
evidence = { value = [\"completion_certificate\", \"sign_in_sheet\", \"notice\"], source = \"guide\", verified = false }
";

    #[test]
    fn the_sets_that_ship_hold_together() {
        for set in RuleLibrary::compiled_in().unwrap().iter() {
            assert_eq!(set.contradictions(), []);
        }
    }

    #[test]
    fn caps_on_every_form_that_counts_leave_room_for_what_is_required_of_each_level() {
        let forms =
            CreditForm::ALL.map(|form| format!("{} = {{ value = 10, source = \"service\" }}\n", form.key()));
        let capped =
            HUBEI.replace("[hours.grounds]", &format!("[hours.caps]\n{}[hours.grounds]", forms.concat()));
        assert!(RuleLibrary::parse(&[&capped, NATIONAL]).is_ok(), "nine times ten is ninety");
        for (from, to) in [
            ("online = { value = 10,", "online = { value = 9.9,"),
            // The least level is met, the highest isn't.
            ("senior_social_worker = { value = 90", "senior_social_worker = { value = 90.1"),
        ] {
            let error = RuleLibrary::parse(&[&capped.replace(from, to), NATIONAL]).unwrap_err();
            assert!(error.to_string().contains("hours.caps together"), "{error}");
        }
        // A form that isn't accepted makes no room.
        let fewer = capped.replace(
            "[hours.forms.seminar]\naccepted = { value = true",
            "[hours.forms.seminar]\naccepted = { value = false",
        );
        let error = RuleLibrary::parse(&[&fewer, NATIONAL]).unwrap_err();
        assert!(error.to_string().contains("hours.caps together"), "{error}");
        assert!(error.to_string().contains("hours.caps.seminar caps a form that isn't accepted"), "{error}");
    }

    #[rstest]
    #[case("renewal.window_months", "window_months = { value = 3,", "window_months = { value = 36,")]
    #[case("form.required lacks Email", "\"mobile\", \"email\",", "\"mobile\",")]
    #[case("hours.required lacks", "senior_social_worker = {", "# senior_social_worker = {")]
    #[case("ethics_percent", "ethics_percent = { value = 0,", "ethics_percent = { value = 101,")]
    #[case("hours.unit", "unit = { value = \"学时\"", "unit = { value = \"课时\"")]
    #[case("hours.audit_percent", "audit_percent = { value = 0,", "audit_percent = { value = 101,")]
    #[case("hours.evidence_days", "evidence_days = { value = 30,", "evidence_days = { value = 0,")]
    #[case(
        "hours.files accepts nothing",
        "max_bytes = 10_485_760, max_files = 10",
        "max_bytes = 0, max_files = 10"
    )]
    #[case("hours.files accepts nothing", "max_files = 10 }", "max_files = 0 }")]
    #[case(
        "hours.claim_stage",
        "[[review.stages]]\nstage = \"preliminary\"\narea_digits = 4\nqueue_shards = 1\nrises_to = { value = \"final_reviewer\", source = \"service\" }\n",
        ""
    )]
    #[case("hours.forms lacks seminar", SEMINAR, "")]
    #[case("accepts none", "accepted = { value = true", "accepted = { value = false")]
    #[case(
        "hours.caps.online is zero",
        "[hours.grounds]",
        "[hours.caps]\nonline = { value = 0, source = \"service\" }\n[hours.grounds]"
    )]
    #[case(
        "hours.cycle_cap",
        "[hours.grounds]",
        "[hours.cycle_cap]\nvalue = 89.9\nsource = \"service\"\n[hours.grounds]"
    )]
    #[case("gives nothing", "{ by = \"claimed\" }", "{ by = \"each\", hours = 0 }")]
    #[case("that of a degree", "{ by = \"claimed\" }", "{ by = \"degree\", hours = 90 }")]
    #[case("which degree it is", "asks = { value = [\"degree_level\"]", "asks = { value = []")]
    #[case("has no rows", "{ by = \"claimed\" }", "{ by = \"table\", rows = [] }")]
    #[case(
        "goes by words",
        "{ by = \"claimed\" }",
        "{ by = \"table\", rows = [{ min_words = 3000, hours = 80 }] }"
    )]
    #[case(
        "goes by pages",
        "{ by = \"claimed\" }",
        "{ by = \"table\", rows = [{ min_pages = 4, hours = 80 }] }"
    )]
    #[case(
        "goes by journal_class",
        "{ by = \"claimed\" }",
        "{ by = \"table\", rows = [{ journal_class = \"core\", hours = 80 }] }"
    )]
    #[case(
        "two rows for the same",
        "{ by = \"claimed\" }",
        "{ by = \"table\", rows = [{ hours = 80 }, { hours = 60 }] }"
    )]
    #[case(
        "gives less for more",
        "{ by = \"claimed\" }",
        "{ by = \"table\", rows = [{ hours = 80 }, { min_words = 3000, hours = 60 }] }"
    )]
    #[case(
        "gives less for more",
        "{ by = \"claimed\" }",
        "{ by = \"table\", rows = [{ min_words = 3000, hours = 60 }, { hours = 80 }] }"
    )]
    #[case(
        "doesn't ask for",
        "asks = { value = [\"filing_number\", \"filed_on\"]",
        "asks = { value = [\"filing_number\"]"
    )]
    #[case(
        "doesn't ask for",
        "asks = { value = [\"filing_number\", \"filed_on\"]",
        "asks = { value = [\"filed_on\"]"
    )]
    #[case("revocation.objection_days", "objection_days = { value = 15,", "objection_days = { value = 0,")]
    #[case("has a code twice", "code = \"certificate_invalid\"", "code = \"false_hours\"")]
    #[case("lacks registration_ended", "code = \"registration_ended\"", "code = \"ended\"")]
    #[case(
        "changes lets name be",
        "\"name\", approval = true, evidence = [\"identity_card_front\", \"identity_card_back\"]",
        "\"name\", approval = true, evidence = []"
    )]
    #[case(
        "changes lets identity_document be",
        "\"identity_document\", approval = true",
        "\"identity_document\", approval = false"
    )]
    #[case("area_digits", "area_digits = 4", "area_digits = 3")]
    #[case("rises to nobody above", "value = \"final_reviewer\"", "value = \"preliminary_reviewer\"")]
    #[case("rises to nobody above", "value = \"final_reviewer\"", "value = \"provider\"")]
    #[case("rises to nobody above", "value = \"administrator\"", "value = \"final_reviewer\"")]
    #[case(
        "due_soon_working_days",
        "due_soon_working_days = { value = 5,",
        "due_soon_working_days = { value = 30,"
    )]
    #[case("falling list", "[90, 60, 30, 14, 7, 1]", "[90, 60, 30, 14, 1, 7]")]
    #[case("mend_days", "mend_days = { value = 60,", "mend_days = { value = 5,")]
    fn a_set_that_contradicts_itself_is_refused(#[case] what: &str, #[case] from: &str, #[case] to: &str) {
        assert!(HUBEI.contains(from), "the rule set no longer has {from}");
        let error = RuleLibrary::parse(&[&HUBEI.replace(from, to)]).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}
