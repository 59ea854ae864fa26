//! What happened, as people read it in a journal.

use super::JournalAction;

impl JournalAction {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Opened => "新建草稿",
            Self::Saved => "修改申请",
            Self::ProfileSaved => "修改个人资料",
            Self::Submitted => "提交申请",
            Self::Amended => "审核期间修改",
            Self::Withdrawn => "撤回申请",
            Self::AttachmentRequested => "准备上传附件",
            Self::AttachmentConfirmed => "附件已上传",
            Self::AttachmentRemoved => "删除附件",
            Self::Claimed => "领取办理",
            Self::Released => "取消办理",
            Self::Viewed => "查看身份信息",
            Self::Approved => "审核通过",
            Self::Returned => "退回修改",
            Self::Refused => "不予登记",
            Self::Expired => "逾期未修改，已关闭",
            Self::Reminded => "安排提醒",
            Self::Lapsed => "登记失效",
            Self::Closed => "随登记终止而关闭",
            Self::HoursDrafted => "填写学时申报",
            Self::HoursClaimed => "申报学时",
            Self::HoursClaimEdited => "修改学时申报",
            Self::HoursClaimWithdrawn => "撤回学时申报",
            Self::HoursRecorded => "培训机构记录学时",
            Self::HoursCorrected => "培训机构更正学时",
            Self::HoursStruck => "培训机构撤销学时",
            Self::HoursRecognised => "认定学时",
            Self::HoursRefused => "不予认定学时",
            Self::HoursVoided => "作废学时",
            Self::CourseOffered => "发布课程",
            Self::CourseWithdrawn => "下架课程",
            Self::EvidenceAsked => "要求提供证明材料",
            Self::SampleDrawn => "抽取样本",
            Self::SampleAsked => "已通知被抽中的人员",
            Self::EvidenceBrought => "提供证明材料",
            Self::RosterOpened => "准备上传名单",
            Self::RosterQueued => "名单等待处理",
            Self::RosterFinished => "名单处理完毕",
            Self::RosterRowChanged => "更正或撤销名单中的一行",
            Self::AccountAppointed => "开设账号",
            Self::AccountChanged => "修改账号",
            Self::CredentialsReset => "重置登录凭据",
            Self::PasswordChanged => "修改密码",
            Self::SignedIn => "登录",
            Self::SignInFailed => "登录失败",
            Self::SignInLocked => "登录已锁定",
        }
    }
}
