//! What a message is, in a list of them.

use crate::notification::Message;

impl Message {
    /// Its kind, as the API names it, and its title in such a list.
    pub fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Receipt { .. } => ("receipt", "受理回执"),
            Self::Returned { .. } => ("returned", "申请退回修改"),
            Self::ReturnedReminder { .. } => ("returned_reminder", "提醒：退回的申请待修改"),
            Self::MendPeriodOver { .. } => ("mend_period_over", "修改期限届满，申请已关闭"),
            Self::Registered { .. } => ("registered", "登记通过"),
            Self::Changed { .. } => ("changed", "登记信息已变更"),
            Self::Cancelled { .. } => ("cancelled", "登记已注销"),
            Self::RevocationAnnounced { .. } => ("revocation_announced", "拟撤销登记告知"),
            Self::RevocationObjected { .. } => ("revocation_objected", "陈述申辩回执"),
            Self::RevocationEnded { .. } => ("revocation_ended", "撤销登记程序终止"),
            Self::Revoked { .. } => ("revoked", "登记已撤销"),
            Self::TransferredOut { .. } => ("transferred_out", "登记已转出"),
            Self::TransferredIn { .. } => ("transferred_in", "登记已转入"),
            Self::Refused { .. } => ("refused", "不予登记决定"),
            Self::Withdrawn { .. } => ("withdrawn", "申请已撤回"),
            Self::FirstRegistrationDue { .. } => ("first_registration_due", "提醒：请办理首次登记"),
            Self::RenewalDue { .. } => ("renewal_due", "提醒：请办理再登记"),
            Self::HoursClaimed { .. } => ("hours_claimed", "学时申报回执"),
            Self::HoursRecorded { .. } => ("hours_recorded", "学时已记录"),
            Self::HoursRecognised { .. } => ("hours_recognised", "学时已认定"),
            Self::HoursRefused { .. } => ("hours_refused", "学时不予认定"),
            Self::HoursVoided { .. } => ("hours_voided", "学时已取消"),
            Self::EvidenceAsked { .. } => ("evidence_asked", "请提供学时证明"),
            Self::EvidenceBrought { .. } => ("evidence_brought", "学时证明回执"),
            Self::Lapsed { .. } => ("lapsed", "登记已失效"),
            Self::Notice { .. } => ("notice", "公告"),
        }
    }

    /// True for what the office has to tell, whether or not it's wanted: receipts, decisions, notices with a legal effect,
    /// and what asks for an answer. False for reminders of what was told or is known, for good news that the transcript
    /// shows as well, and for notices, which are there to be read in any case.
    pub fn is_statutory(&self) -> bool {
        !matches!(
            self,
            Self::ReturnedReminder { .. }
                | Self::FirstRegistrationDue { .. }
                | Self::RenewalDue { .. }
                | Self::HoursRecorded { corrected: false, .. }
                | Self::Notice { .. }
        )
    }
}
