//! The papers of a transfer, as data: the statement of hours (学时证明) and the transfer letter (转出证明). Made from a
//! holder's dossier and nothing else, so that one registration gives the same paper each time it's asked for.

use crate::{
    certificate::{CertificateLevel, ManagementNumber},
    credit::{Assessment, CreditCategory, CreditForm, CreditState, Cycle, Hours, Why, assess},
    date::CalendarDate,
    district::DistrictCode,
    dossier::Dossier,
    error::Refusal,
    form::{PersonName, ShortText},
    id::CreditId,
    identity::IdentityDocumentKind,
    province::Province,
    registration::{Registration, RegistrationNumber, RegistrationStatus},
    rules::{RuleLibrary, RuleSetId},
    transfer::{PaperKind, TransferRefusal},
};
use serde::{Deserialize, Serialize};

/// A province with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProvinceName {
    /// Its code.
    pub code: Province,
    /// Its name.
    pub name: String,
}

impl From<&Province> for ProvinceName {
    fn from(province: &Province) -> Self {
        Self { code: province.clone(), name: province.name().to_owned() }
    }
}

/// What a paper says of the registration it's about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Facts {
    /// 登记号
    pub number: RegistrationNumber,
    /// How it stands.
    pub status: RegistrationStatus,
    /// How it stands on the day the paper tells of, in Chinese, as verification has it.
    pub status_label: String,
    /// The name registered.
    pub name: PersonName,
    /// The kind of identity document, where one is on file.
    pub identity_document_kind: Option<IdentityDocumentKind>,
    /// Its number with the middle masked: enough to compare with the document itself.
    pub identity_number_masked: Option<String>,
    /// 证书管理号
    pub management_number: ManagementNumber,
    /// The day the certificate was issued.
    pub issued_on: CalendarDate,
    /// The certificate's level.
    pub level: CertificateLevel,
    /// The level in Chinese.
    pub level_label: String,
    /// Where it's registered.
    pub district: DistrictCode,
    /// The province whose authority registered it.
    pub province: ProvinceName,
    /// The day of the first registration here.
    pub registered_on: CalendarDate,
    /// Last day of validity.
    pub valid_until: CalendarDate,
    /// The day it ended; none while it's in force.
    pub ended_on: Option<CalendarDate>,
    /// First day of the open cycle.
    pub cycle_start: CalendarDate,
    /// Last day of the open cycle.
    pub cycle_end: CalendarDate,
    /// The rules that the cycle runs under.
    pub rules: RuleSetId,
}

impl Facts {
    fn of(registration: &Registration, dossier: &Dossier, day: CalendarDate) -> Self {
        let document = dossier.profile.form.identity_document.as_ref();
        let Registration { certificate, cycle, district, .. } = registration;
        Self {
            number: registration.number.clone(),
            status: registration.status,
            status_label: registration.standing(day).label().to_owned(),
            name: registration.name.clone(),
            identity_document_kind: document.map(crate::identity::IdentityDocument::kind),
            identity_number_masked: document.map(crate::identity::IdentityDocument::masked),
            management_number: certificate.management_number.clone(),
            issued_on: certificate.issued_on,
            level: certificate.level,
            level_label: certificate.level.label().to_owned(),
            district: district.clone(),
            province: (&Province::of(district)).into(),
            registered_on: registration.registered_on,
            valid_until: registration.valid_until,
            ended_on: registration.ended_on,
            cycle_start: cycle.start,
            cycle_end: cycle.end,
            rules: cycle.rules.clone(),
        }
    }
}

/// Hours of one record that don't count, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementReason {
    /// Stable code.
    pub code: Why,
    /// How many.
    pub hours: Hours,
    /// The same in Chinese.
    pub detail: String,
}

/// One record of the open cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementLine {
    /// The record.
    pub credit: CreditId,
    /// How far it has come.
    pub state: CreditState,
    /// How far it has come, in Chinese.
    pub state_label: String,
    /// Its form.
    pub form: CreditForm,
    /// Its form in Chinese.
    pub form_label: String,
    /// Ethics or not.
    pub category: CreditCategory,
    /// The category in Chinese.
    pub category_label: String,
    /// What it was called.
    pub title: ShortText,
    /// Who held it.
    pub provider: Option<ShortText>,
    /// The first day it was done.
    pub done_from: CalendarDate,
    /// The last day.
    pub done_to: CalendarDate,
    /// 学时 or 小时: what its hours are.
    pub unit: String,
    /// Hours claimed or recorded.
    pub claimed: Hours,
    /// Hours recognised.
    pub recognised: Hours,
    /// Hours that count in the cycle.
    pub counted: Hours,
    /// Hours that don't, each with its reason; with those that count they come to the hours claimed.
    pub uncounted: Vec<StatementReason>,
}

/// 学时证明: every record of the open cycle but drafts, what of it counts under the rules of that cycle, and why the rest
/// doesn't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HoursStatement {
    /// Which paper it is.
    pub paper: PaperKind,
    /// What stands on top of it.
    pub title: String,
    /// The authority that issues it.
    pub issued_by: String,
    /// The day it tells of: the day the registration ended, or else the day it was asked for.
    pub as_of: CalendarDate,
    /// The registration.
    pub registration: Facts,
    /// The province moved to; none where the registration didn't leave.
    pub destination: Option<ProvinceName>,
    /// 学时 or 小时: what the totals are.
    pub unit: String,
    /// Hours the cycle asks for.
    pub required: Hours,
    /// Hours of values and ethics it asks for.
    pub ethics_required: Hours,
    /// Hours claimed or recorded, all lines together, as far as they are of that unit.
    pub claimed: Hours,
    /// Hours recognised of them.
    pub recognised: Hours,
    /// Hours that count.
    pub counted: Hours,
    /// Hours of values and ethics that count.
    pub ethics_counted: Hours,
    /// Hours still missing.
    pub missing: Hours,
    /// Hours of values and ethics still missing.
    pub ethics_missing: Hours,
    /// The records, by the day they were done.
    pub records: Vec<StatementLine>,
}

impl HoursStatement {
    /// The statement of `registration`'s open cycle, as of `today` or the day it ended.
    pub fn of(
        registration: &Registration,
        dossier: &Dossier,
        library: &RuleLibrary,
        today: CalendarDate,
    ) -> Self {
        let cycle = &registration.cycle;
        let rules = library.get(&cycle.rules);
        let assessment = assess(cycle, &dossier.credits, rules);
        let records = lines(cycle, dossier, &assessment);
        let ethics = records.iter().filter(|line| line.category == CreditCategory::Ethics);
        let as_of = registration.ended_on.unwrap_or(today);
        let of_unit = || records.iter().filter(|line| line.unit == assessment.unit);
        Self {
            paper: PaperKind::HoursStatement,
            title: PaperKind::HoursStatement.title().to_owned(),
            issued_by: library.for_district(Some(&registration.district)).authority.clone(),
            as_of,
            registration: Facts::of(registration, dossier, as_of),
            destination: registration.transfer.departure.as_ref().map(|left| (&left.province).into()),
            required: assessment.shortfall.required,
            ethics_required: assessment.ethics_required,
            claimed: of_unit().map(|line| line.claimed).sum(),
            recognised: of_unit().map(|line| line.recognised).sum(),
            counted: assessment.shortfall.counted,
            ethics_counted: ethics.map(|line| line.counted).sum(),
            missing: assessment.shortfall.missing,
            ethics_missing: assessment.shortfall.ethics_missing,
            unit: assessment.unit.clone(),
            records,
        }
    }
}

fn lines(cycle: &Cycle, dossier: &Dossier, assessment: &Assessment) -> Vec<StatementLine> {
    let line = |assessed: &crate::credit::Line| {
        let record = dossier.credit(&assessed.credit)?;
        if record.cycle_start != cycle.start || record.state == CreditState::Draft {
            return None;
        }
        let activity = &record.activity;
        Some(StatementLine {
            credit: record.id.clone(),
            state: record.state,
            state_label: record.state.label().to_owned(),
            form: activity.form,
            form_label: activity.form.label().to_owned(),
            category: activity.category,
            category_label: activity.category.label().to_owned(),
            title: activity.title.clone(),
            provider: activity.provider.clone(),
            done_from: activity.done_from,
            done_to: activity.done_to,
            unit: record.unit.clone(),
            claimed: record.claimed,
            recognised: record.recognised,
            counted: assessed.counted,
            uncounted: assessed
                .uncounted
                .iter()
                .map(|out| StatementReason { code: out.code, hours: out.hours, detail: out.detail.clone() })
                .collect(),
        })
    };
    assessment.lines.iter().filter_map(line).collect()
}

/// The hours of the open cycle, as the transfer letter sums them up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LetterHours {
    /// 学时 or 小时
    pub unit: String,
    /// Hours the cycle asks for.
    pub required: Hours,
    /// Hours that count.
    pub counted: Hours,
    /// Hours still missing.
    pub missing: Hours,
    /// Hours of values and ethics still missing.
    pub ethics_missing: Hours,
}

/// 转出证明: that the registration ended here, and where its holder registers next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransferLetter {
    /// Which paper it is.
    pub paper: PaperKind,
    /// What stands on top of it.
    pub title: String,
    /// Its number: one registration is transferred out once.
    pub letter_number: String,
    /// The authority that issues it.
    pub issued_by: String,
    /// The day the transfer was approved.
    pub issued_on: CalendarDate,
    /// The registration.
    pub registration: Facts,
    /// The province moved to.
    pub destination: ProvinceName,
    /// The hours of the open cycle; the statement of hours lists them.
    pub hours: LetterHours,
}

impl TransferLetter {
    /// The letter of `registration`; refused for one that wasn't transferred out.
    pub fn of(
        registration: &Registration,
        dossier: &Dossier,
        library: &RuleLibrary,
    ) -> Result<Self, Refusal> {
        let departure = registration.transfer.departure.as_ref().ok_or(TransferRefusal::NotTransferredOut)?;
        let statement = HoursStatement::of(registration, dossier, library, departure.on);
        Ok(Self {
            paper: PaperKind::TransferLetter,
            title: PaperKind::TransferLetter.title().to_owned(),
            letter_number: format!("ZC{}", registration.number),
            issued_by: statement.issued_by,
            issued_on: departure.on,
            registration: statement.registration,
            destination: (&departure.province).into(),
            hours: LetterHours {
                unit: statement.unit,
                required: statement.required,
                counted: statement.counted,
                missing: statement.missing,
                ethics_missing: statement.ethics_missing,
            },
        })
    }
}
