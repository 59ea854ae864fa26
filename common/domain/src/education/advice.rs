//! How a cycle stands on a day, and what its holder is to do next: one Chinese sentence, for the transcript.

use crate::{
    application::ApplicationKind,
    credit::{Assessment, CreditCategory, HoursShortfall, RenewalOutlook},
    date::CalendarDate,
    id::ApplicationId,
    registration::{Registration, RegistrationStatus},
    rules::{LatePolicy, RuleSet},
};

/// How the cycle of `registration` that was assessed as `assessment` stands on `today`, and what to do next. `renewed_by`
/// is the renewal that used its hours, where one did.
pub fn advice(
    registration: &Registration,
    renewed_by: Option<&ApplicationId>,
    assessment: &Assessment,
    rules: &RuleSet,
    today: CalendarDate,
) -> String {
    if renewed_by.is_some() {
        return "该登记周期已办结再登记，学时已锁定，不再增减".to_owned();
    }
    if registration.status != RegistrationStatus::Active {
        return ended(registration, rules);
    }
    if let Some(renewal) = &registration.pending_renewal {
        return under_review(renewal, assessment);
    }
    if assessment.shortfall.is_met() { met(assessment, today) } else { short(assessment, rules, today) }
}

/// The registration isn't in force any more: nothing is left to collect hours for.
fn ended(registration: &Registration, rules: &RuleSet) -> String {
    let status = registration.status;
    let next = match status {
        RegistrationStatus::Active => "",
        RegistrationStatus::Lapsed if *rules.first_registration.late == LatePolicy::Refuse => {
            "目前不能在线重新办理登记，请与登记机构联系"
        }
        RegistrationStatus::Lapsed | RegistrationStatus::Cancelled => {
            "可凭职业水平证书重新办理登记，之后按新的登记周期计算学时"
        }
        RegistrationStatus::TransferredOut => "请在转入地继续办理",
        RegistrationStatus::Revoked => "如有疑问，请与登记机构联系",
    };
    format!("登记{}，不能再登记，本周期学时不再计算；{next}", status.label())
}

/// A renewal was submitted and isn't decided yet.
fn under_review(renewal: &ApplicationId, assessment: &Assessment) -> String {
    let waits = format!("再登记申请（{renewal}）正在审核，审核期间登记继续有效");
    if assessment.shortfall.is_met() {
        return format!("{waits}；学时已达到要求，无需其他操作");
    }
    format!("{waits}；但学时{}，不补足不能通过，请尽快补足，或与登记机构联系", lacking(assessment))
}

/// Enough hours: what is left is the renewal, in its window.
fn met(assessment: &Assessment, today: CalendarDate) -> String {
    let RenewalOutlook { opens, closes, possible_from } = assessment.renewal;
    let renewal = ApplicationKind::Renewal.label();
    let from = possible_from.unwrap_or(opens);
    if today > closes {
        return format!(
            "学时已达到要求，但{renewal}申请的提交期限（至 {}）已过，请与登记机构联系",
            closes.in_chinese()
        );
    }
    if today < from {
        return format!(
            "学时已达到要求；{renewal}申请尚未开放，请在 {}至 {}之间提交",
            from.in_chinese(),
            closes.in_chinese()
        );
    }
    format!("学时已达到要求，现在可以提交{renewal}申请，请在 {}前（含当日）提交", closes.in_chinese())
}

/// Hours are missing: how many, until when, and by which way there is still time.
fn short(assessment: &Assessment, rules: &RuleSet, today: CalendarDate) -> String {
    let closes = assessment.renewal.closes;
    let (lacks, last) = (lacking(assessment), closes.in_chinese());
    if today > closes {
        return format!(
            "{lacks}，{}申请的提交期限（至 {last}）已过，请与登记机构联系",
            ApplicationKind::Renewal.label()
        );
    }
    let left = match today.days_until(closes) {
        0 => "今天是最后一天".to_owned(),
        days => format!("还有 {days} 天"),
    };
    let ways = "可在课程目录中查找课程，或申报已完成的学习";
    let decided = rules.decision_due(today);
    let late = if decided > closes {
        format!(
            "；现在申报的，认定可能要到 {}，未必赶得上，由培训机构报送的课程自报送起即计入",
            decided.in_chinese()
        )
    } else {
        String::new()
    };
    format!("{lacks}{}，最迟应于 {last}补足（{left}），{ways}{late}", waiting(assessment))
}

/// What is missing.
fn lacking(assessment: &Assessment) -> String {
    let unit = &assessment.unit;
    let HoursShortfall { missing, ethics_missing, .. } = assessment.shortfall;
    let ethics = CreditCategory::Ethics.label();
    match (missing.is_zero(), ethics_missing.is_zero()) {
        (false, false) => format!("还差 {missing} {unit}，其中{ethics}还差 {ethics_missing} {unit}"),
        (true, _) => format!("{ethics}还差 {ethics_missing} {unit}"),
        (false, true) => format!("还差 {missing} {unit}"),
    }
}

/// What waits for a decision, and what would be missing then.
fn waiting(assessment: &Assessment) -> String {
    let (unit, pending) = (&assessment.unit, assessment.pending());
    let HoursShortfall { missing, ethics_missing, .. } = assessment.with_pending;
    if pending.is_zero() {
        String::new()
    } else if assessment.with_pending.is_met() {
        format!("；另有 {pending} {unit}待认定，全部认定后即达到要求")
    } else {
        format!("；另有 {pending} {unit}待认定，全部认定后仍差 {} {unit}", missing.max(ethics_missing))
    }
}
