//! Transfers: what is entered for one, what it must meet, and what its approval does.
//!
//! A transfer out ends the registration and closes whatever else is open about it, since none of that could take effect
//! any more. While a renewal is under review it isn't taken: which cycle the papers tell of, and until when the
//! registration is valid, follows from that decision. A renewal submitted after it is taken all the same, so that nobody's
//! registration lapses because the transfer is decided slowly; it's closed with the rest.

use super::{Application, ApplicationKind, Change, Entropy, State, UniqueKey, effect, ending::end_with};
use crate::{
    actor::Actor,
    credit::{CreditRecord, CreditState, Cycle, Ruling, Whose, assess},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    error::Refusal,
    form::{Form, FormInput},
    id::CreditId,
    notification::Message,
    province::Province,
    readiness::Shortcoming,
    registration::{Registration, RegistrationNumber, RegistrationStatus},
    rules::{Citation, RuleLibrary, RuleSet},
    transfer::{Arrival, Departure, TransferDetails, TransferRefusal},
};

/// What `input` makes of `application`: its form, and what a transfer asks beyond it. Everything that is wrong comes back
/// at once.
pub fn entered(
    application: &Application,
    mut input: FormInput,
    rules: &RuleSet,
) -> Result<(Form, Option<TransferDetails>), Refusal> {
    let transfer = input.transfer.take();
    let form = application.form.merge(input, rules);
    let held = application.transfer.clone();
    let details = match transfer {
        None => Ok(held),
        Some(_) if !application.kind.is_transfer() => Err(vec![not_applicable()]),
        Some(input) => held.unwrap_or_default().merge(input, application.kind).map(Some),
    };
    match (form, details) {
        (Ok(form), Ok(details)) => Ok((form, details)),
        (form, details) => {
            let errors = form.err().into_iter().chain(details.err()).flatten();
            Err(Refusal::InvalidFields(errors.collect()))
        }
    }
}

/// What a transfer asks, entered where none is applied for.
pub(super) fn not_applicable() -> crate::error::FieldError {
    crate::error::FieldError {
        field: "transfer".to_owned(),
        code: "not_applicable".to_owned(),
        detail: "只有转出、转入申请填写转移信息，请先新建相应的申请".to_owned(),
    }
}

/// Refuses a transfer to or from the province that one is in.
pub(super) fn check_province(application: &Application) -> Result<(), Refusal> {
    let other = application.transfer.as_ref().and_then(|details| details.province.as_ref());
    match (other, &application.form.district) {
        (Some(province), Some(district)) if province.contains(district) => {
            let (kind, province) = (application.kind, province.clone());
            Err(TransferRefusal::SameProvince { kind, province }.into())
        }
        _ => Ok(()),
    }
}

/// Collects what a transfer lacks.
struct Lacking {
    found: Vec<Shortcoming>,
    rule: Citation,
}

impl Lacking {
    fn add(&mut self, code: &str, field: &str, label: &str, detail: String, rule: Option<Citation>) {
        self.found.push(Shortcoming {
            code: code.to_owned(),
            field: format!("transfer.{field}"),
            label: label.to_owned(),
            detail,
            rule,
        });
    }

    fn missing(&mut self, field: &str, label: &str) {
        let rule = self.rule.clone();
        self.add("missing_field", field, label, format!("请填写{label}"), Some(rule));
    }
}

const NUMBER: &str = "原登记号";
const CYCLE_START: &str = "原登记周期起始日";
const VALID_UNTIL: &str = "原登记有效期截止日";

/// What a transfer still lacks before it can be submitted, and dates in it that can't be true.
pub(crate) fn shortcomings(
    application: &Application,
    rules: &RuleSet,
    today: CalendarDate,
) -> Vec<Shortcoming> {
    if !application.kind.is_transfer() {
        return Vec::new();
    }
    let empty = TransferDetails::default();
    let details = application.transfer.as_ref().unwrap_or(&empty);
    let rule = rules.cite("transfer.keeps_validity", &rules.transfer.keeps_validity);
    let mut lacking = Lacking { found: Vec::new(), rule };
    let arrives = application.kind == ApplicationKind::TransferIn;
    if details.province.is_none() {
        lacking.missing("province", if arrives { "原登记省份" } else { "迁往省份" });
    }
    if !arrives {
        return lacking.found;
    }
    if details.registration_number.is_none() {
        lacking.missing("registration_number", NUMBER);
    }
    match details.cycle_start {
        None => lacking.missing("cycle_start", CYCLE_START),
        Some(start) if start > today => {
            let detail = "原登记周期起始日不能晚于今天，请按转出证明核对".to_owned();
            lacking.add("date_in_future", "cycle_start", CYCLE_START, detail, None);
        }
        Some(_) => {}
    }
    // As of the first submission, as every deadline.
    let submitted_on = application.receipt.as_ref().map_or(today, |receipt| receipt.submitted_at.day());
    match details.valid_until {
        None => lacking.missing("valid_until", VALID_UNTIL),
        Some(until) if until < submitted_on => {
            let detail = format!("原登记已于 {}届满，不能转入，请按首次登记办理", until.in_chinese());
            let rule = lacking.rule.clone();
            lacking.add("origin_expired", "valid_until", VALID_UNTIL, detail, Some(rule));
        }
        Some(until) => {
            let longest = details.cycle_start.map(|start| rules.valid_until(start));
            if let Some(longest) = longest.filter(|longest| until > *longest) {
                let detail = format!(
                    "原登记有效期截止日不应晚于 {}（自周期起始日起 {} 年），请按转出证明核对",
                    longest.in_chinese(),
                    *rules.renewal.validity_years
                );
                let rule = rules.cite("renewal.validity_years", &rules.renewal.validity_years);
                lacking.add("validity_too_long", "valid_until", VALID_UNTIL, detail, Some(rule));
            }
        }
    }
    for (index, _) in details.hours.iter().enumerate().filter(|(_, line)| line.done_to > today) {
        let detail = format!("第 {} 条学时的完成日期不能晚于今天", index + 1);
        lacking.add("date_in_future", &format!("hours[{index}].done_to"), "完成日期", detail, None);
    }
    lacking.found
}

/// What a transfer out asks of the registration `subject` it's about.
pub(crate) fn check_departure(application: &Application, subject: &Registration) -> Result<(), Refusal> {
    let fixed: Vec<_> = application.registered_fields_changed().into_iter().collect();
    if !fixed.is_empty() {
        return Err(Refusal::FieldNotChangeable(fixed));
    }
    match &subject.pending_renewal {
        // One that was submitted later doesn't send this one back.
        Some(renewal) if application.receipt.is_none() => {
            Err(TransferRefusal::RenewalUnderReview { renewal: renewal.clone() }.into())
        }
        _ => Ok(()),
    }
}

/// Refuses to register a certificate that is registered here, or that another application is about to register.
pub(crate) fn check_unregistered(dossier: &Dossier, application: &Application) -> Result<(), Refusal> {
    let certificate = application.form.management_number.as_ref();
    let registered = dossier.registrations.iter().find(|registration| {
        registration.status == RegistrationStatus::Active
            && Some(&registration.certificate.management_number) == certificate
    });
    if let Some(found) = registered {
        return Err(Refusal::AlreadyRegistered { number: found.number.clone() });
    }
    let rival = dossier.applications.iter().find(|other| {
        other.id != application.id
            && other.kind.registers()
            && matches!(other.state, State::Submitted | State::Returned)
            && other.form.management_number.as_ref() == certificate
    });
    rival.map_or(Ok(()), |other| {
        Err(Refusal::ApplicationAlreadyOpen { kind: other.kind, application: other.id.clone() })
    })
}

/// The transfer out `next` is approved: the registration ends, and what else is open about it is closed.
pub(super) fn depart(
    dossier: &Dossier,
    next: &Application,
    change: &mut Change,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Message, Refusal> {
    let incomplete = || Refusal::NotReady(shortcomings(next, library.get(&next.rules), now.day()));
    let province =
        next.transfer.as_ref().and_then(|details| details.province.clone()).ok_or_else(incomplete)?;
    let mut registration = effect::subject(dossier, next)?;
    registration.end(RegistrationStatus::TransferredOut, now.day());
    let closed = end_with(dossier, &mut registration, Some(&next.id), change);
    registration.transfer.departure =
        Some(Departure { application: next.id.clone(), province: province.clone(), on: now.day() });
    let rules = library.get(&registration.cycle.rules);
    let hours = assess(&registration.cycle, &dossier.credits, rules);
    let number = registration.number.clone();
    change.registration = Some(registration);
    Ok(Message::TransferredOut {
        number,
        province: province.name().to_owned(),
        hours_counted_tenths: hours.shortfall.counted.tenths(),
        hours_unit: hours.unit,
        closed,
        claims_closed: !change.closed_hours.is_empty(),
    })
}

/// The transfer in `next` is approved: it makes a registration, and the hours it brings become records of its cycle.
pub(super) fn arrive(
    dossier: &Dossier,
    next: &mut Application,
    change: &mut Change,
    entropy: Entropy,
    rules: &RuleSet,
    now: Instant,
) -> Result<Message, Refusal> {
    let today = now.day();
    let incomplete = || Refusal::NotReady(shortcomings(next, rules, today));
    let details = next.transfer.clone().ok_or_else(incomplete)?;
    let origin = Origin::of(&details).ok_or_else(incomplete)?;
    let district = next.form.district.clone().ok_or_else(incomplete)?;
    let number = RegistrationNumber::mint(&district, today.year(), entropy.0);
    let mut registration =
        Registration::open(number.clone(), next.holder.clone(), &next.form, false, today, rules)
            .ok_or_else(incomplete)?;
    registration.take_photo(&next.attachments);
    if *rules.transfer.keeps_validity {
        if origin.valid_until < today {
            let rule = rules.cite("transfer.keeps_validity", &rules.transfer.keeps_validity);
            return Err(TransferRefusal::OriginExpired { valid_until: origin.valid_until, rule }.into());
        }
        registration.carry_on(origin.cycle_start, origin.valid_until, rules);
    }
    registration.transfer.arrival = Some(Arrival {
        application: next.id.clone(),
        province: origin.province.clone(),
        registration_number: origin.registration_number,
    });
    change.take(UniqueKey::Registration(number.clone()), &next.id, None);
    next.registration = Some(number.clone());
    change.credits = brought(next, &details, &registration, &change.journal.actor, rules, now);
    // Records of a registration before this one may be of a cycle that began on the same day.
    let credits: Vec<_> = dossier.credits.iter().chain(&change.credits).cloned().collect();
    let hours = assess(&registration.cycle, &credits, rules);
    let message = Message::TransferredIn {
        number,
        province: origin.province.name().to_owned(),
        level: registration.certificate.level,
        valid_from: registration.cycle.start,
        valid_until: registration.valid_until,
        renewal_opens: rules.renewal_opens(registration.valid_until),
        hours_claimed_tenths: details.hours.iter().map(|line| line.hours.tenths()).sum(),
        hours_counted_tenths: hours.shortfall.counted.tenths(),
        hours_required_tenths: hours.shortfall.required.tenths(),
        hours_unit: hours.unit,
    };
    change.registration = Some(registration);
    Ok(message)
}

/// The registration elsewhere, complete.
struct Origin {
    province: Province,
    registration_number: crate::form::ShortText,
    cycle_start: CalendarDate,
    valid_until: CalendarDate,
}

impl Origin {
    fn of(details: &TransferDetails) -> Option<Self> {
        Some(Self {
            province: details.province.clone()?,
            registration_number: details.registration_number.clone()?,
            cycle_start: details.cycle_start?,
            valid_until: details.valid_until?,
        })
    }
}

/// The records that the hours of `details` become: claimed by the holder, and recognised as claimed by whoever approved
/// the transfer. How much of them counts follows from the rules of the cycle.
fn brought(
    application: &Application,
    details: &TransferDetails,
    registration: &Registration,
    by: &Actor,
    rules: &RuleSet,
    now: Instant,
) -> Vec<CreditRecord> {
    let record = |(index, line): (usize, &crate::transfer::BroughtHours)| {
        let id = CreditId::of_transfer(&application.holder, registration.cycle.start, &application.id, index);
        let unit = line.unit.as_deref().unwrap_or(&rules.hours.unit);
        let holder = Actor::Holder(application.holder.clone());
        let whose = Whose::from(registration);
        let entered = CreditRecord::entered(id, whose, line.activity(), line.hours, unit, holder, now);
        CreditRecord {
            state: CreditState::Recognised,
            recognised: line.hours,
            submitted_at: application.receipt.as_ref().map(|receipt| receipt.submitted_at),
            brought_by: Some(application.id.clone()),
            ruling: Some(Ruling { by: by.clone(), at: now, reasons: Vec::new() }),
            ..entered
        }
    };
    details.hours.iter().enumerate().map(record).collect()
}

impl Registration {
    /// Keeps the cycle and the last day that the registration elsewhere had. Nothing done before that cycle counts in it:
    /// it was for the cycle before, which was closed there.
    fn carry_on(&mut self, cycle_start: CalendarDate, valid_until: CalendarDate, rules: &RuleSet) {
        self.cycle = Cycle { start: cycle_start, end: valid_until, first: false, ..self.cycle.clone() };
        self.valid_until = valid_until;
        self.next_due = crate::reminder::next_due(self, rules);
    }
}
