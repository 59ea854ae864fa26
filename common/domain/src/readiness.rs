//! What is still missing, and why, with the rule that says so.

use crate::{
    application::{Application, ApplicationKind, check_departure, check_unregistered, none_in_force},
    attachment::AttachmentKind,
    credit::{Assessment, HoursShortfall, assess},
    date::CalendarDate,
    dossier::Dossier,
    error::{FieldError, Refusal},
    form::{Field, Form},
    registration::{Registration, RegistrationStatus},
    revocation,
    rules::{Citation, LatePolicy, RuleSet},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One thing that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shortcoming {
    /// Stable code.
    pub code: String,
    /// The field, or `attachments.{kind}`.
    pub field: String,
    /// Its name in Chinese.
    pub label: String,
    /// What to do about it, in Chinese.
    pub detail: String,
    /// The rule that asks for it.
    pub rule: Option<Citation>,
}

impl Shortcoming {
    pub(crate) fn as_field_error(&self) -> FieldError {
        FieldError { field: self.field.clone(), code: self.code.clone(), detail: self.detail.clone() }
    }
}

/// What `application` still lacks before it can be submitted: fields, attachments, and dates that can't be true. An
/// empty list means it's complete; windows and hours are [`check_window`]'s and [`check_kind`]'s.
pub fn shortcomings(application: &Application, rules: &RuleSet, today: CalendarDate) -> Vec<Shortcoming> {
    let mut found = Vec::new();
    for field in application.form.missing_fields() {
        if !rules.form.required.contains(&field) {
            continue;
        }
        let detail = match field {
            Field::Declaration => "请阅读并勾选真实性声明".to_owned(),
            field => format!("请填写{}", field.label()),
        };
        found.push(Shortcoming {
            code: "missing_field".to_owned(),
            field: field.key().to_owned(),
            label: field.label().to_owned(),
            detail,
            rule: Some(rules.cite("form.required", &rules.form.required)),
        });
    }
    if application.form.issued_on.is_some_and(|day| day > today) {
        found.push(Shortcoming {
            code: "date_in_future".to_owned(),
            field: Field::IssuedOn.key().to_owned(),
            label: Field::IssuedOn.label().to_owned(),
            detail: "发证日期不能晚于今天，请按证书核对".to_owned(),
            rule: None,
        });
    }
    let required = rules.required_attachments(application.kind);
    let mut wanted: BTreeSet<AttachmentKind> =
        required.map(|required| (**required).clone()).unwrap_or_default();
    let evidence = evidence_wanted(application, rules);
    wanted.extend(&evidence);
    let one_page =
        application.form.identity_document.as_ref().is_some_and(|document| !document.kind().has_back());
    for kind in wanted {
        // The page that counts is uploaded as the front.
        if kind == AttachmentKind::IdentityCardBack && one_page {
            continue;
        }
        if !application.has_attachment(kind) {
            found.push(Shortcoming {
                code: "missing_attachment".to_owned(),
                field: format!("attachments.{}", attachment_key(kind)),
                label: kind.label().to_owned(),
                detail: format!("请上传{}并确认上传完成", kind.label()),
                rule: if evidence.contains(&kind) {
                    Some(rules.cite("changes", &rules.changes))
                } else {
                    required.map(|required| rules.cite("required_attachments", required))
                },
            });
        }
    }
    found.extend(crate::application::transfer_shortcomings(application, rules, today));
    found
}

/// The evidence that the changed fields of what is registered ask for.
fn evidence_wanted(application: &Application, rules: &RuleSet) -> BTreeSet<AttachmentKind> {
    application
        .registered_fields_changed()
        .into_iter()
        .filter_map(|field| rules.change_rule(field))
        .flat_map(|rule| rule.evidence.clone())
        .collect()
}

fn attachment_key(kind: AttachmentKind) -> &'static str {
    match kind {
        AttachmentKind::Photo => "photo",
        AttachmentKind::IdentityCardFront => "identity_card_front",
        AttachmentKind::IdentityCardBack => "identity_card_back",
        AttachmentKind::CertificateScan => "certificate_scan",
        AttachmentKind::Degree => "degree",
        AttachmentKind::EmploymentProof => "employment_proof",
        AttachmentKind::TransferLetter => "transfer_letter",
        AttachmentKind::Other => "other",
    }
}

/// Whether `application` could be submitted for the first time on `day`. `Ok(true)` for a late first registration that
/// the rules accept.
pub fn check_window(
    dossier: &Dossier,
    application: &Application,
    rules: &RuleSet,
    day: CalendarDate,
) -> Result<bool, Refusal> {
    match application.kind {
        ApplicationKind::First => {
            let Some(issued_on) = application.form.issued_on else { return Ok(false) };
            let closed = rules.first_window_end(issued_on);
            let late = day > closed;
            if late && *rules.first_registration.late == LatePolicy::Refuse {
                let rule = rules.cite("first_registration.late", &rules.first_registration.late);
                return Err(Refusal::FirstWindowClosed { closed, rule });
            }
            Ok(late)
        }
        ApplicationKind::Renewal => {
            let registration = application
                .registration
                .as_ref()
                .and_then(|number| dossier.registration(number))
                .ok_or(Refusal::NoActiveRegistration { kind: application.kind })?;
            let opens = rules.renewal_opens(registration.valid_until);
            let closes = rules.renewal_closes(registration.valid_until);
            let rule = rules.cite("renewal.window_months", &rules.renewal.window_months);
            if day < opens {
                return Err(Refusal::RenewalTooEarly { opens, closes, rule });
            }
            if day > closes {
                let anew = *rules.first_registration.late == LatePolicy::AcceptAndFlag;
                return Err(Refusal::RenewalWindowClosed { closed: closes, anew, rule });
            }
            Ok(false)
        }
        // Who is registered elsewhere met their window there.
        ApplicationKind::Change
        | ApplicationKind::Cancellation
        | ApplicationKind::TransferOut
        | ApplicationKind::TransferIn => Ok(false),
    }
}

/// What the rules ask of this kind beyond a complete form: hours and the same certificate for a renewal, an
/// unregistered certificate for a first registration or a transfer in, changeable fields for a change, no renewal under
/// review for a transfer out.
pub fn check_kind(dossier: &Dossier, application: &Application, rules: &RuleSet) -> Result<(), Refusal> {
    let subject = || {
        application
            .registration
            .as_ref()
            .and_then(|number| dossier.registration(number))
            .filter(|registration| registration.status == RegistrationStatus::Active)
            .ok_or_else(|| none_in_force(dossier, application.registration.as_ref(), application.kind))
    };
    match application.kind {
        ApplicationKind::First | ApplicationKind::TransferIn => {
            check_unregistered(dossier, application)?;
            revocation::check_register_again(dossier, application, rules)
        }
        ApplicationKind::Renewal => {
            let registration = subject()?;
            let fixed = fixed_fields(application, rules);
            if !fixed.is_empty() {
                return Err(Refusal::FieldNotChangeable(fixed));
            }
            check_hours(dossier, registration, rules)
        }
        ApplicationKind::Change => {
            subject()?;
            if application.registered_fields_changed().is_empty() {
                return Err(Refusal::NothingChanged);
            }
            let fixed = fixed_fields(application, rules);
            if fixed.is_empty() { Ok(()) } else { Err(Refusal::FieldNotChangeable(fixed)) }
        }
        ApplicationKind::Cancellation => revocation::check_may_leave(subject()?),
        ApplicationKind::TransferOut => {
            let leaving = subject()?;
            revocation::check_may_leave(leaving)?;
            check_departure(application, leaving)
        }
    }
}

/// Checks that the hours of the cycle `registration` runs in allow a renewal, by that cycle's `rules`.
pub(crate) fn check_hours(
    dossier: &Dossier,
    registration: &Registration,
    rules: &RuleSet,
) -> Result<(), Refusal> {
    let cycle = &registration.cycle;
    let Assessment { unit, shortfall, with_pending, .. } = assess(cycle, &dossier.credits, rules);
    if shortfall.is_met() {
        return Ok(());
    }
    // Where only ethics are missing, that is the rule to quote.
    let rule = if shortfall.missing.is_zero() {
        rules.cite("hours.ethics_percent", &rules.hours.ethics_percent)
    } else {
        rules.cite_hours(cycle.level)
    };
    let HoursShortfall { required, counted, missing, ethics_missing } = shortfall;
    Err(Refusal::HoursShort {
        unit,
        required,
        counted,
        missing,
        ethics_missing,
        with_pending,
        until: cycle.end,
        rule,
    })
}

/// The changed fields that this application may not change. A renewal may move within the province, whose authority
/// stays the same; to another one a registration is transferred (the guide: cancel there, register here).
fn fixed_fields(application: &Application, rules: &RuleSet) -> Vec<Field> {
    let province = |form: &Form| form.district.as_ref().map(|district| district.prefix(2).to_owned());
    let moves_within_the_province = application.kind == ApplicationKind::Renewal
        && application.before.as_ref().map(province) == Some(province(&application.form));
    application
        .registered_fields_changed()
        .into_iter()
        .filter(|field| rules.change_rule(*field).is_none())
        .filter(|field| *field != Field::District || !moves_within_the_province)
        .collect()
}
