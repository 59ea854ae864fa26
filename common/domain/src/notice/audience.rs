//! Whom a notice is for: districts, levels of the certificate, and how the registration stands.

use crate::{
    certificate::CertificateLevel,
    date::CalendarDate,
    district::{Area, DistrictCode},
    dossier::Dossier,
    error::FieldError,
    registration::{Registration, RegistrationStatus},
    verification::Standing,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most districts that a notice names.
pub const MOST_DISTRICTS: usize = 20;

/// Whom a notice is for. Somebody is in it whom all three let in; what is empty lets everybody in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Audience {
    /// 辖区: prefixes of district codes; the whole of the author's area where there are none. None lies in another.
    #[serde(default)]
    pub districts: Vec<Area>,
    /// 证书级别: of those who are registered.
    #[serde(default)]
    pub levels: BTreeSet<CertificateLevel>,
    /// 登记状态: of those who are, or were, registered.
    #[serde(default)]
    pub statuses: BTreeSet<RegistrationStatus>,
}

/// An audience as somebody typed it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AudienceInput {
    /// 辖区: 2, 4 or 6 digits each, 20 at the most; the whole of the author's area where it's left out.
    pub districts: Vec<String>,
    /// 证书级别; every level, and those who aren't registered, where it's left out.
    pub levels: BTreeSet<CertificateLevel>,
    /// 登记状态; every one, and those who aren't registered, where it's left out.
    pub statuses: BTreeSet<RegistrationStatus>,
}

/// How a holder stands to an audience: by one of their registrations, or by none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standpoint {
    /// Where they're registered, or where their profile says they work; none where it says nothing.
    pub district: Option<DistrictCode>,
    /// The level of the certificate and how its registration stands; none for somebody who isn't registered.
    pub registered: Option<(CertificateLevel, RegistrationStatus)>,
}

/// The registration that stands for each certificate among `registrations` of one holder: the one in force, else the
/// last, with how it stands on `today`. Past its last day it has lapsed, whether or not that was noted.
pub fn current(
    registrations: &[Registration],
    today: CalendarDate,
) -> Vec<(&Registration, RegistrationStatus)> {
    let rank = |registration: &Registration| {
        (registration.status == RegistrationStatus::Active, registration.registered_on)
    };
    let mut kept: Vec<&Registration> = Vec::new();
    for registration in registrations {
        let number = &registration.certificate.management_number;
        match kept.iter_mut().find(|other| other.certificate.management_number == *number) {
            Some(other) if rank(registration) > rank(other) => *other = registration,
            Some(_) => {}
            None => kept.push(registration),
        }
    }
    kept.into_iter().map(|registration| (registration, status_on(registration, today))).collect()
}

fn status_on(registration: &Registration, today: CalendarDate) -> RegistrationStatus {
    match registration.standing(today) {
        Standing::Lapsed => RegistrationStatus::Lapsed,
        _ => registration.status,
    }
}

/// How a holder stands: once by each certificate that is or was registered. Somebody who never registered stands by their
/// profile's district alone, and sees what asks for neither level nor registration there.
pub fn standpoints(dossier: &Dossier, today: CalendarDate) -> Vec<Standpoint> {
    let registered: Vec<_> = current(&dossier.registrations, today)
        .into_iter()
        .map(|(registration, status)| Standpoint {
            district: Some(registration.district.clone()),
            registered: Some((registration.certificate.level, status)),
        })
        .collect();
    if registered.is_empty() {
        return vec![Standpoint { district: dossier.profile.form.district.clone(), registered: None }];
    }
    registered
}

/// The areas whose notices somebody who stands so could read, the whole country (`None`) first: one, and three for each
/// district.
pub fn areas_of(standpoints: &[Standpoint]) -> Vec<Option<Area>> {
    let mut areas = BTreeSet::from([None]);
    for district in standpoints.iter().filter_map(|standpoint| standpoint.district.as_ref()) {
        areas.extend([2, 4, 6].iter().filter_map(|digits| district.prefix(*digits).parse().ok()).map(Some));
    }
    areas.into_iter().collect()
}

impl Audience {
    /// The areas it's told in, where the author's is `own`; the whole country is `None`.
    pub fn areas(&self, own: Option<&Area>) -> Vec<Option<Area>> {
        if self.districts.is_empty() {
            return vec![own.cloned()];
        }
        self.districts.iter().cloned().map(Some).collect()
    }

    /// True where one of `standpoints` is in it, the author's area being `own`.
    pub fn includes_any(&self, own: Option<&Area>, standpoints: &[Standpoint]) -> bool {
        let areas = self.areas(own);
        let told = |district: Option<&DistrictCode>| {
            areas.iter().any(|area| match area {
                None => true,
                Some(area) => district.is_some_and(|district| area.contains(district)),
            })
        };
        standpoints
            .iter()
            .any(|standpoint| told(standpoint.district.as_ref()) && self.admits(standpoint.registered))
    }

    /// True where somebody registered so, or not at all, is let in by level and status.
    fn admits(&self, registered: Option<(CertificateLevel, RegistrationStatus)>) -> bool {
        match registered {
            Some((level, status)) => {
                (self.levels.is_empty() || self.levels.contains(&level))
                    && (self.statuses.is_empty() || self.statuses.contains(&status))
            }
            None => self.levels.is_empty() && self.statuses.is_empty(),
        }
    }

    /// The registration by which a holder of `registrations` is mailed; none where they aren't. Those who left the register
    /// are only mailed where the audience names how they left: nobody else's mail is theirs to get.
    pub fn mailed<'a>(
        &self,
        own: Option<&Area>,
        registrations: &'a [Registration],
        today: CalendarDate,
    ) -> Option<&'a Registration> {
        let stays = |status| {
            matches!(status, RegistrationStatus::Active | RegistrationStatus::Lapsed)
                || self.statuses.contains(&status)
        };
        let mut reached: Vec<_> = current(registrations, today)
            .into_iter()
            .filter(|(registration, status)| {
                let standpoint = Standpoint {
                    district: Some(registration.district.clone()),
                    registered: Some((registration.certificate.level, *status)),
                };
                stays(*status) && self.includes_any(own, &[standpoint])
            })
            .map(|(registration, _)| registration)
            .collect();
        reached.sort_by_key(|registration| &registration.number);
        reached.into_iter().next()
    }

    /// True where it lies within `reach`, the author's area being `own`.
    pub fn lies_within(&self, own: Option<&Area>, reach: Option<&Area>) -> bool {
        let Some(reach) = reach else { return true };
        self.areas(own)
            .iter()
            .all(|area| area.as_ref().is_some_and(|area| area.as_str().starts_with(reach.as_str())))
    }

    /// Reads what was typed by an author whose area is `own`. What is wrong with it is added to `errors`.
    pub(super) fn read(input: &AudienceInput, own: Option<&Area>, errors: &mut Vec<FieldError>) -> Self {
        let mut wrong = |code: &str, detail: String| {
            errors.push(FieldError { field: "audience.districts".to_owned(), code: code.to_owned(), detail });
        };
        if input.districts.len() > MOST_DISTRICTS {
            wrong("too_many", format!("最多选择 {MOST_DISTRICTS} 个辖区"));
            return Self::default();
        }
        let mut named = BTreeSet::new();
        for text in &input.districts {
            match text.parse::<Area>() {
                Ok(area) if own.is_some_and(|own| !area.as_str().starts_with(own.as_str())) => {
                    wrong("outside_area", format!("{area} 不在您的辖区内"));
                }
                Ok(area) => {
                    named.insert(area);
                }
                Err(error) => wrong("unknown_district", format!("「{}」：{error}", shown(text))),
            }
        }
        // What lies in another that is named is told there already.
        let outer = |area: &&Area| {
            !named.iter().any(|other| other != *area && area.as_str().starts_with(other.as_str()))
        };
        let districts = named.iter().filter(outer).cloned().collect();
        Self { districts, levels: input.levels.clone(), statuses: input.statuses.clone() }
    }
}

/// The beginning of what was typed.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn area(text: &str) -> Option<Area> {
        (!text.is_empty()).then(|| text.parse().unwrap())
    }

    fn read(districts: &[&str], own: &str) -> (Audience, Vec<String>) {
        let mut errors = Vec::new();
        let districts = districts.iter().map(|text| (*text).to_owned()).collect();
        let input = AudienceInput { districts, ..AudienceInput::default() };
        let audience = Audience::read(&input, area(own).as_ref(), &mut errors);
        (audience, errors.into_iter().map(|error| error.code).collect())
    }

    #[rstest]
    #[case(&[], "42", &["42"])]
    #[case(&["4201", "420106", "4202", "4201"], "42", &["4201", "4202"])]
    #[case(&["42"], "", &["42"])]
    fn no_two_areas_of_a_notice_overlap(#[case] typed: &[&str], #[case] own: &str, #[case] told: &[&str]) {
        let (audience, errors) = read(typed, own);
        assert_eq!(errors, [""; 0]);
        let areas: Vec<_> = told.iter().map(|text| area(text)).collect();
        assert_eq!(audience.areas(area(own).as_ref()), areas);
    }

    #[rstest]
    #[case(&["43"], "42", &["outside_area"])]
    #[case(&["42"], "4201", &["outside_area"])]
    #[case(&["99", "4201", "武汉"], "42", &["unknown_district", "unknown_district"])]
    fn what_is_no_district_of_the_author_is_refused(
        #[case] typed: &[&str],
        #[case] own: &str,
        #[case] codes: &[&str],
    ) {
        assert_eq!(read(typed, own).1, codes);
    }

    #[test]
    fn a_holder_reads_four_areas_for_a_district() {
        let of = |district: Option<&str>| Standpoint {
            district: district.map(|text| text.parse().unwrap()),
            registered: None,
        };
        let areas = |standpoints: &[Standpoint]| -> Vec<String> {
            let areas = areas_of(standpoints).into_iter();
            areas.map(|area| area.map(String::from).unwrap_or_default()).collect()
        };
        assert_eq!(areas(&[of(None)]), [""]);
        assert_eq!(areas(&[of(Some("420106"))]), ["", "42", "4201", "420106"]);
        assert_eq!(
            areas(&[of(Some("420106")), of(Some("420502"))]),
            ["", "42", "4201", "420106", "4205", "420502"]
        );
    }
}
