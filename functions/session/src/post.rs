//! The rules of a post in the staff: which roles there are, in which area, and who may give it to whom. Pure.

use crate::AppointError;
use common::store::{Appointer, StaffProfile};
use domain::{
    actor::Role, contact::EmailAddress, date::Instant, district::Area, error::FieldError, form::PersonName,
    rules::RuleLibrary,
};
use std::collections::BTreeSet;

/// The roles that members of staff have; the others are those of holders and of their back ends.
const STAFF_ROLES: [Role; 4] =
    [Role::PreliminaryReviewer, Role::FinalReviewer, Role::Provider, Role::Administrator];

/// True where somebody appointed for `area` is within the reach of an administrator of `reach`.
pub(crate) fn is_within(reach: Option<&Area>, area: Option<&Area>) -> bool {
    match (reach, area) {
        (None, _) => true,
        (Some(reach), Some(area)) => area.as_str().starts_with(reach.as_str()),
        (Some(_), None) => false,
    }
}

/// Checks that `by` (the operator where it's nobody) may give the post of `roles` in `area`, and that there is such a
/// post under the rules that hold there.
pub(crate) fn check(
    roles: &BTreeSet<Role>,
    area: Option<&Area>,
    by: Option<&Appointer>,
    library: &RuleLibrary,
) -> Result<(), AppointError> {
    let wrong = |field, code, detail| AppointError::Invalid(vec![field_error(field, code, detail)]);
    if roles.is_empty() {
        return Err(wrong("roles", "missing", "请至少指定一个角色".to_owned()));
    }
    if let Some(role) = roles.iter().find(|role| !STAFF_ROLES.contains(role)) {
        let detail = format!("「{}」不是工作人员的角色", role.label());
        return Err(wrong("roles", "not_a_staff_role", detail));
    }
    if by.is_some_and(|by| !is_within(by.area.as_ref(), area)) {
        return Err(AppointError::OutsideArea);
    }
    let district = area.map(Area::district);
    library
        .for_district(district.as_ref())
        .check_appointment(roles, area)
        .map_err(|detail| wrong("area", "wrong_area", detail))
}

/// An error on `field`.
pub(crate) fn field_error(field: &str, code: &str, detail: impl Into<String>) -> FieldError {
    FieldError { field: field.to_owned(), code: code.to_owned(), detail: detail.into() }
}

/// A value that can be left out (it stays), or be none.
pub(crate) type Entry<T> = Option<Option<T>>;

/// What an administrator changes; whatever is left out stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct PostChange {
    /// The name.
    pub name: Option<PersonName>,
    /// The roles.
    pub roles: Option<BTreeSet<Role>>,
    /// The area, or none.
    pub area: Entry<Area>,
    /// Where the morning's digest goes, or none.
    pub email: Entry<EmailAddress>,
    /// Whether they may sign in.
    pub disabled: Option<bool>,
}

/// The account after `change` by `by`. Where nothing changes it's the same, in the same version.
pub(crate) fn edit(
    before: &StaffProfile,
    change: &PostChange,
    by: &Appointer,
    library: &RuleLibrary,
    now: Instant,
) -> Result<StaffProfile, AppointError> {
    let change = change.clone();
    let after = StaffProfile {
        name: change.name.unwrap_or_else(|| before.name.clone()),
        roles: change.roles.unwrap_or_else(|| before.roles.clone()),
        area: change.area.unwrap_or_else(|| before.area.clone()),
        email: change.email.unwrap_or_else(|| before.email.clone()),
        disabled: change.disabled.unwrap_or(before.disabled),
        ..before.clone()
    };
    if after == *before {
        return Ok(after);
    }
    if by.id == before.id {
        // The store holds others to their own account; here it's the one that was read.
        if before.disabled || !before.roles.contains(&Role::Administrator) {
            return Err(AppointError::NoLongerAppointer);
        }
        if ends_sign_ins(before, &after) {
            return Err(AppointError::OwnAccount);
        }
    }
    check(&after.roles, after.area.as_ref(), Some(by), library)?;
    Ok(StaffProfile { version: before.version + 1, updated_at: now, ..after })
}

/// True where what changed is what tokens say: whoever is signed in must sign in again.
pub(crate) fn ends_sign_ins(before: &StaffProfile, after: &StaffProfile) -> bool {
    (&before.roles, &before.area, before.disabled) != (&after.roles, &after.area, after.disabled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::StaffId;

    fn area(text: &str) -> Option<Area> {
        (!text.is_empty()).then(|| text.parse().unwrap())
    }

    fn by(id: u128, reach: &str) -> Appointer {
        Appointer { id: StaffId::mint(id), area: area(reach) }
    }

    fn profile(id: u128, role: Role, within: &str) -> StaffProfile {
        let now = "2029-03-01T08:00:00Z".parse().unwrap();
        StaffProfile {
            id: StaffId::mint(id),
            username: "wang.wu".parse().unwrap(),
            name: "王五".parse().unwrap(),
            roles: [role].into(),
            area: area(within),
            email: None,
            identity: None,
            disabled: false,
            version: 3,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn an_administrator_reaches_what_begins_with_their_area() {
        for (reach, of, within) in [
            ("", "", true),
            ("", "42", true),
            ("42", "42", true),
            ("42", "4201", true),
            ("4201", "420106", true),
            ("4201", "42", false),
            ("4201", "4202", false),
            ("42", "", false),
        ] {
            assert_eq!(is_within(area(reach).as_ref(), area(of).as_ref()), within, "{reach:?} {of:?}");
        }
    }

    #[test]
    fn a_post_is_one_that_the_rules_know() {
        let library = RuleLibrary::compiled_in().unwrap();
        let code = |roles: &[Role], within: &str, reach: &str| {
            let roles = roles.iter().copied().collect();
            check(&roles, area(within).as_ref(), Some(&by(1, reach)), &library).err().map(|error| match error
            {
                AppointError::Invalid(errors) => errors[0].code.clone(),
                other => other.code().to_owned(),
            })
        };
        assert_eq!(code(&[Role::PreliminaryReviewer], "4201", "42"), None);
        assert_eq!(code(&[Role::FinalReviewer, Role::Administrator], "42", "42"), None);
        assert_eq!(code(&[Role::Provider], "420106", "42"), None);
        assert_eq!(code(&[Role::PreliminaryReviewer], "42", "42").as_deref(), Some("wrong_area"));
        assert_eq!(code(&[Role::FinalReviewer], "4201", "42").as_deref(), Some("wrong_area"));
        assert_eq!(code(&[Role::FinalReviewer], "", "").as_deref(), Some("wrong_area"));
        assert_eq!(code(&[Role::FinalReviewer], "43", "42").as_deref(), Some("outside_area"));
        assert_eq!(code(&[Role::Administrator], "", "42").as_deref(), Some("outside_area"));
        assert_eq!(code(&[], "42", "42").as_deref(), Some("missing"));
        for role in [Role::Holder, Role::Service] {
            let roles = [Role::Administrator, role];
            assert_eq!(code(&roles, "42", "42").as_deref(), Some("not_a_staff_role"), "{role:?}");
        }
    }

    #[test]
    fn nobody_changes_their_own_post() {
        let library = RuleLibrary::compiled_in().unwrap();
        let now = "2029-03-02T08:00:00Z".parse().unwrap();
        let me = profile(1, Role::Administrator, "42");
        let other = profile(2, Role::Administrator, "42");
        let reviewer = [Role::Administrator, Role::FinalReviewer].into();
        for change in [
            PostChange { roles: Some(reviewer), ..PostChange::default() },
            PostChange { area: Some(area("4201")), ..PostChange::default() },
            PostChange { disabled: Some(true), ..PostChange::default() },
        ] {
            let own = edit(&me, &change, &by(1, "42"), &library, now);
            assert!(matches!(own, Err(AppointError::OwnAccount)), "{own:?}");
            let others = edit(&other, &change, &by(1, "42"), &library, now).unwrap();
            assert!(ends_sign_ins(&other, &others) && others.version == 4 && others.updated_at == now);
        }
        let renamed = PostChange { name: Some("王小五".parse().unwrap()), ..PostChange::default() };
        let renamed = edit(&me, &renamed, &by(1, "42"), &library, now).unwrap();
        assert!(!ends_sign_ins(&me, &renamed) && renamed.version == 4);
        assert_eq!(edit(&me, &PostChange::default(), &by(1, "42"), &library, now).unwrap(), me);
        let dismissed = StaffProfile { disabled: true, ..me.clone() };
        let demoted = profile(1, Role::Provider, "42");
        let named = PostChange { name: Some("王小五".parse().unwrap()), ..PostChange::default() };
        for me in [dismissed, demoted] {
            let renamed = edit(&me, &named, &by(1, "42"), &library, now);
            assert!(matches!(renamed, Err(AppointError::NoLongerAppointer)), "{renamed:?}");
        }
    }
}
