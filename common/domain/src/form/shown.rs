//! Fields of the form in words, as people compare them.

use super::{Field, Form};
use crate::identity::IdentityDocument;

impl Form {
    /// The value of `field` in words; none where it's open. `number` shows an identity document's number: masked, but to
    /// a reviewer whose view is in the journal.
    pub fn shown(&self, field: Field, number: impl Fn(&IdentityDocument) -> String) -> Option<String> {
        match field {
            Field::Name => self.name.as_ref().map(|name| name.as_str().to_owned()),
            Field::IdentityDocument => self
                .identity_document
                .as_ref()
                .map(|document| format!("{} {}", document.kind().label(), number(document))),
            Field::Mobile => self.mobile.clone().map(String::from),
            Field::Email => self.email.as_ref().map(|email| email.as_str().to_owned()),
            Field::PostalAddress => self.postal_address.clone().map(String::from),
            Field::District => {
                self.district.as_ref().map(|code| format!("{}（{}）", code.province(), code.as_str()))
            }
            Field::Education => self.education.map(|level| level.label().to_owned()),
            Field::School => self.school.clone().map(String::from),
            Field::PoliticalStatus => self.political_status.map(|status| status.label().to_owned()),
            Field::ManagementNumber => self.management_number.as_ref().map(ToString::to_string),
            Field::IssuedOn => self.issued_on.map(|day| day.in_chinese().trim_end().to_owned()),
            Field::CertificateLevel => self.certificate_level.map(|level| level.label().to_owned()),
            Field::EmploymentStatus => self.employment_status.map(|status| status.label().to_owned()),
            Field::Employer => self.employer.clone().map(String::from),
            Field::Position => self.position.clone().map(String::from),
            Field::PracticeField => self.practice_field.map(|field| field.label().to_owned()),
            Field::Memberships => self.memberships.as_ref().map(|memberships| {
                let names: Vec<_> = memberships.iter().map(super::ShortText::as_str).collect();
                if names.is_empty() { "无".to_owned() } else { names.join("、") }
            }),
            Field::Declaration => self.declaration.then(|| "已声明".to_owned()),
        }
    }
}
