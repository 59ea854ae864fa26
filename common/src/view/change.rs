//! A change as people read it: each field as it's registered, beside what it's to be.

use domain::{application::Application, form::Field, identity::IdentityDocument};
use serde::Serialize;

/// One field that an application changes.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// The field.
    pub field: Field,
    /// Its name in Chinese.
    pub label: &'static str,
    /// As registered, in words; none where nothing was.
    pub before: Option<String>,
    /// As it's to be, in words; none where nothing is left.
    pub after: Option<String>,
}

impl FieldChange {
    /// What `application` changes of what is registered, in the order of the form. `number` shows an identity document's
    /// number, masked or whole.
    pub fn of(application: &Application, number: impl Fn(&IdentityDocument) -> String) -> Vec<Self> {
        let Some(before) = &application.before else { return Vec::new() };
        let change = |field: Field| Self {
            field,
            label: field.label(),
            before: before.shown(field, &number),
            after: application.form.shown(field, &number),
        };
        application.registered_fields_changed().into_iter().map(change).collect()
    }
}
