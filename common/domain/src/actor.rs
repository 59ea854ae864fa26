//! Who acts: a role, and for a reviewer the area they are appointed for.

use crate::{
    district::{Area, DistrictCode},
    id::{HolderId, IdentityKey, StaffId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a signed-in caller may do. Staff can have several roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 持证人: a certificate holder, about their own matters.
    Holder,
    /// 初审: decides the preliminary stage within an area.
    PreliminaryReviewer,
    /// 终审: decides the final stage within an area.
    FinalReviewer,
    /// 培训机构: reports continuing education.
    Provider,
    /// 省级管理员: staff accounts and rules.
    Administrator,
    /// A mini-program's back end, which acts for its users.
    Service,
}

impl Role {
    /// The name staff and holders see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Holder => "持证人",
            Self::PreliminaryReviewer => "初审人员",
            Self::FinalReviewer => "终审人员",
            Self::Provider => "培训机构",
            Self::Administrator => "管理员",
            Self::Service => "服务端",
        }
    }
}

/// A member of staff who reviews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewer {
    /// Their account.
    pub id: StaffId,
    /// Their roles.
    pub roles: BTreeSet<Role>,
    /// The area they are appointed for, a prefix of the district code.
    pub area: Area,
    /// Their own identity document's keyed hash, where it's on record: nobody decides their own application.
    pub identity: Option<IdentityKey>,
}

impl Reviewer {
    /// True where `district` lies in their area.
    pub fn covers(&self, district: &DistrictCode) -> bool {
        self.area.contains(district)
    }
}

/// A member of staff who administers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// Their account.
    pub id: StaffId,
    /// The area they administer; the whole country where none is named.
    pub area: Option<Area>,
    /// Their own identity document's keyed hash, where it's on record: nobody decides about themselves.
    pub identity: Option<IdentityKey>,
}

impl Administrator {
    /// True where `district` lies in their area.
    pub fn covers(&self, district: &DistrictCode) -> bool {
        self.area.as_ref().is_none_or(|area| area.contains(district))
    }
}

/// Who made a change, as the journal names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// The holder.
    Holder(HolderId),
    /// A member of staff.
    Staff(StaffId),
    /// A service client, by its own name for itself.
    Client(String),
    /// The system itself, by a scheduled job.
    System,
}
