//! The profile, which an application takes over when it's opened, and which the register follows where no approval is asked.

use super::{Change, JournalAction, transfer};
use crate::{
    date::Instant,
    dossier::Dossier,
    error::Refusal,
    form::{Field, FormInput},
    reminder,
    rules::RuleLibrary,
};

/// Saves the profile. Once registered, only what the rules let a holder change without approval can be changed here,
/// and it changes the register at once; the rest needs an application for change.
pub fn save_profile(
    dossier: &Dossier,
    input: FormInput,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let profile = &dossier.profile;
    if input.transfer.is_some() {
        return Err(Refusal::InvalidFields(vec![transfer::not_applicable()]));
    }
    let rules = library.for_district(profile.form.district.as_ref());
    let form = profile.form.merge(input, rules).map_err(Refusal::InvalidFields)?;
    let rules = library.for_district(form.district.as_ref());
    let fields = profile.form.changed_fields(&form);
    let mut change = Change::by_holder(&profile.holder, JournalAction::ProfileSaved, now);
    let mut next = profile.with_form(&form, now);
    let issue_changed = profile.form.issued_on != form.issued_on;
    if let Some(registration) = dossier.active_registration() {
        let free = |field: &Field| rules.change_rule(*field).is_some_and(|rule| !rule.approval);
        let bound: Vec<Field> =
            fields.iter().copied().filter(|field| *field != Field::Declaration && !free(field)).collect();
        if !bound.is_empty() {
            return Err(Refusal::ChangeNeedsApplication(bound));
        }
        let mut kept = registration.clone();
        kept.take_over(&form, &fields);
        if kept != *registration {
            kept.version += 1;
            change.registration = Some(kept);
        }
        next.next_due = None;
    } else {
        if issue_changed {
            next.reminded = None;
        }
        next.next_due = reminder::first_due(dossier, &next, None, rules);
    }
    change.journal.fields = fields;
    change.profile = Some(next);
    Ok(change)
}
