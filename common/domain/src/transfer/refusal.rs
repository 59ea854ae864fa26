//! Why a transfer, or a paper of one, was refused.

use crate::{
    application::ApplicationKind,
    date::CalendarDate,
    error::{FieldError, RefusalClass},
    id::ApplicationId,
    province::Province,
    rules::Citation,
};

/// A refused transfer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransferRefusal {
    /// The other province is the one that one is in.
    #[error("{}", same_province(*.kind, .province))]
    SameProvince {
        /// Out or in.
        kind: ApplicationKind,
        /// That province.
        province: Province,
    },
    /// A transfer out while a renewal is under review: its decision changes what the papers would say.
    #[error("再登记申请正在审核，审核结束前不能提交转出申请；急需转出的，请先撤回再登记申请")]
    RenewalUnderReview {
        /// The renewal.
        renewal: ApplicationId,
    },
    /// The registration elsewhere has ended by the day of the decision, and there is no validity to keep.
    #[error("原登记的有效期已于 {}届满，不能再转入；请不予登记，并请申请人按首次登记办理", .valid_until.in_chinese())]
    OriginExpired {
        /// Its last day.
        valid_until: CalendarDate,
        /// The rule.
        rule: Citation,
    },
    /// There is no transfer letter: the registration wasn't transferred out.
    #[error("该登记没有转出，没有转出证明；需要转移登记的，请先提交转出申请")]
    NotTransferredOut,
}

fn same_province(kind: ApplicationKind, province: &Province) -> String {
    let name = province.name();
    if kind == ApplicationKind::TransferOut {
        format!("您的登记就在{name}，不能转出到{name}；省内变动请在再登记时修改登记所在地")
    } else {
        format!("您申请登记的所在地就在{name}，不能从{name}转入；省内变动无需转移登记")
    }
}

impl TransferRefusal {
    /// A stable code, part of the API's contract.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SameProvince { .. } => "same_province",
            Self::RenewalUnderReview { .. } => "renewal_under_review",
            Self::OriginExpired { .. } => "origin_expired",
            Self::NotTransferredOut => "not_transferred_out",
        }
    }

    /// What sort of refusal it is.
    pub fn class(&self) -> RefusalClass {
        match self {
            Self::SameProvince { .. } => RefusalClass::Unprocessable,
            Self::NotTransferredOut => RefusalClass::NotFound,
            Self::RenewalUnderReview { .. } | Self::OriginExpired { .. } => RefusalClass::Conflict,
        }
    }

    /// Errors by field, where there are any.
    pub fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::SameProvince { .. } => vec![FieldError {
                field: "transfer.province".to_owned(),
                code: self.code().to_owned(),
                detail: self.to_string(),
            }],
            _ => Vec::new(),
        }
    }

    /// The rule behind it, where one can be quoted.
    pub fn rule(&self) -> Option<&Citation> {
        match self {
            Self::OriginExpired { rule, .. } => Some(rule),
            _ => None,
        }
    }
}
