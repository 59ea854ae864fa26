//! Who a token speaks for, and what they may do: what a handler gets once sign-in is settled.

use domain::{
    actor::{Actor, Role},
    district::Area,
    id::{HolderId, IdentityKey, StaffId},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// Somebody who signs in. In a token's `sub` and in the table it is `holder:{id}` or `staff:{id}`: the two kinds of
/// id look alike, and one must never pass for the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    /// A certificate holder.
    Holder(HolderId),
    /// A member of staff.
    Staff(StaffId),
}

/// The text names no subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("登录主体格式不正确")]
pub struct InvalidSubject;

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holder(id) => write!(f, "holder:{id}"),
            Self::Staff(id) => write!(f, "staff:{id}"),
        }
    }
}

impl FromStr for Subject {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        match text.split_once(':') {
            Some(("holder", id)) => id.parse().map(Self::Holder).map_err(|_| InvalidSubject),
            Some(("staff", id)) => id.parse().map(Self::Staff).map_err(|_| InvalidSubject),
            _ => Err(InvalidSubject),
        }
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

impl TryFrom<String> for Subject {
    type Error = InvalidSubject;

    fn try_from(text: String) -> Result<Self, InvalidSubject> {
        text.parse()
    }
}

impl From<Subject> for Actor {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Holder(id) => Self::Holder(id),
            Subject::Staff(id) => Self::Staff(id),
        }
    }
}

/// A signed-in caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who they are.
    pub subject: Subject,
    /// What they may do.
    pub roles: BTreeSet<Role>,
    /// The area a reviewer is appointed for.
    pub area: Option<Area>,
    /// A reviewer's own identity document's keyed hash, where it's on record: nobody decides their own application.
    pub identity: Option<IdentityKey>,
    /// The service client that acts for them, where it isn't they themselves.
    pub client: Option<String>,
    /// How the console addresses them. Holders have none: their name stays out of tokens.
    pub name: Option<String>,
}

impl Principal {
    /// A holder, about their own matters; `client` is the back end that speaks for them, if one does.
    pub fn holder(id: HolderId, client: Option<String>) -> Self {
        Self {
            subject: Subject::Holder(id),
            roles: BTreeSet::from([Role::Holder]),
            area: None,
            identity: None,
            client,
            name: None,
        }
    }

    /// The holder, where it is one.
    pub fn holder_id(&self) -> Option<&HolderId> {
        match &self.subject {
            Subject::Holder(id) => Some(id),
            Subject::Staff(_) => None,
        }
    }

    /// The member of staff, where it is one.
    pub fn staff_id(&self) -> Option<&StaffId> {
        match &self.subject {
            Subject::Staff(id) => Some(id),
            Subject::Holder(_) => None,
        }
    }

    /// True where they have `role`.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_back_and_kinds_dont_mix() {
        let holder = Subject::Holder(HolderId::mint(7));
        let staff = Subject::Staff(StaffId::mint(7));
        for subject in [&holder, &staff] {
            assert_eq!(subject.to_string().parse::<Subject>().as_ref(), Ok(subject));
        }
        assert_ne!(holder.to_string(), staff.to_string());
        for text in [
            "",
            "7000000000000000",
            "admin:7000000000000000",
            "holder:",
            "holder:x",
            "Holder:7000000000000000",
        ] {
            assert_eq!(text.parse::<Subject>(), Err(InvalidSubject), "{text}");
        }
    }
}
