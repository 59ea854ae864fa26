//! Why hours don't count: a stable code, a Chinese sentence, and the rule behind it.

use super::{CreditRecord, Cycle, Hours};
use crate::{
    actor::Actor,
    id::CreditId,
    rules::{Citation, RuleSet},
};
use serde::{Deserialize, Serialize};

/// Why hours don't count. Codes are part of the API's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The holder entered it and hasn't submitted it yet.
    Draft,
    /// Nobody has looked at the claim yet.
    Pending,
    /// The claim was refused.
    Refused,
    /// It was taken back.
    Withdrawn,
    /// It was struck out for fraud.
    Voided,
    /// It was claimed for another cycle.
    OtherCycle,
    /// It was done before the cycle began.
    BeforeCycle,
    /// It was done after the cycle ended.
    AfterCycle,
    /// Its hours are another unit than the rules speak of.
    OtherUnit,
    /// The rules don't take its form.
    FormNotAccepted,
    /// It wasn't put on record, or not in time.
    NotOnRecord,
    /// The conversion has nothing for it.
    NoConversion,
    /// The conversion gives less.
    OverConversion,
    /// A part only was recognised.
    RecognisedInPart,
    /// The same activity counts by another record.
    SameActivity,
    /// The same activity counts in an earlier cycle.
    CountedInEarlierCycle,
    /// The form's cap is reached.
    OverFormCap,
    /// The cycle's cap is reached.
    OverCycleCap,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 18] = [
        Self::Draft,
        Self::Pending,
        Self::Refused,
        Self::Withdrawn,
        Self::Voided,
        Self::OtherCycle,
        Self::BeforeCycle,
        Self::AfterCycle,
        Self::OtherUnit,
        Self::FormNotAccepted,
        Self::NotOnRecord,
        Self::NoConversion,
        Self::OverConversion,
        Self::RecognisedInPart,
        Self::SameActivity,
        Self::CountedInEarlierCycle,
        Self::OverFormCap,
        Self::OverCycleCap,
    ];

    /// What it says of `record` in `cycle`, and what there is to do about it.
    fn sentence(self, record: &CreditRecord, cycle: &Cycle, rules: &RuleSet) -> String {
        let form = record.activity.form;
        let unit = rules.hours.unit.as_str();
        match self {
            Self::Draft => "尚未提交，不计入，请上传证明材料后提交".to_owned(),
            Self::Pending => "已申报，正在等待认定，认定后计入".to_owned(),
            Self::Refused => "经审核不予认定，理由见认定意见，可补充材料后重新申报".to_owned(),
            Self::Withdrawn if matches!(record.recorded_by, Actor::Holder(_)) => {
                "您已撤回该申报，不计入，需要计入的请重新申报".to_owned()
            }
            Self::Withdrawn => "培训机构撤回了该记录，不计入，理由见记录，如有疑问请与该机构联系".to_owned(),
            Self::Voided => "该记录经查实已作废，不计入".to_owned(),
            Self::OtherCycle => {
                format!("属于另一登记周期（自 {}起），只计入该周期", record.cycle_start.in_chinese())
            }
            Self::BeforeCycle => {
                format!("完成日期早于本登记周期（自 {}起），不计入本周期", cycle.start.in_chinese())
            }
            Self::AfterCycle => format!(
                "完成日期晚于本登记周期（至 {}止），不计入本周期，请在下一登记周期申报",
                cycle.end.in_chinese()
            ),
            Self::OtherUnit => format!(
                "该记录以「{}」计，本登记周期以「{unit}」计，系统不作换算，请按「{unit}」重新申报",
                record.unit
            ),
            Self::FormNotAccepted => format!("{}不在规定的继续教育形式之内", form.label()),
            Self::NotOnRecord => {
                format!("{}须经向行业组织备案核准，该记录没有备案信息或备案晚于开始日期", form.label())
            }
            Self::NoConversion => format!("{}的折算标准中没有与该记录相符的一档", form.label()),
            Self::OverConversion => format!("超出{}的折算标准，超出部分不计入", form.label()),
            Self::RecognisedInPart => "经审核只认定了一部分，理由见认定意见".to_owned(),
            Self::SameActivity => "与另一条记录是同一活动，同一活动只计一次".to_owned(),
            Self::CountedInEarlierCycle => "同一活动已计入较早的登记周期，不再重复计入".to_owned(),
            Self::OverFormCap => rules.hours.caps.get(&form).map_or_else(String::new, |cap| {
                format!("{}每个登记周期最多计 {} {unit}，超出部分不计入", form.label(), **cap)
            }),
            Self::OverCycleCap => rules.hours.cycle_cap.as_ref().map_or_else(String::new, |cap| {
                format!("每个登记周期最多计 {} {unit}，超出部分不计入", **cap)
            }),
        }
    }

    fn citation(self, record: &CreditRecord, cycle: &Cycle, rules: &RuleSet) -> Citation {
        let form = record.activity.form;
        let hours = &rules.hours;
        match self {
            Self::Draft | Self::Pending => rules.cite("hours.claim_stage", &hours.claim_stage),
            Self::Refused | Self::Withdrawn | Self::Voided | Self::RecognisedInPart => {
                rules.cite("hours.grounds", &hours.grounds)
            }
            Self::BeforeCycle if cycle.first => {
                rules.cite("hours.before_first_registration", &hours.before_first_registration)
            }
            Self::OtherCycle | Self::BeforeCycle | Self::AfterCycle => rules.cite_hours(cycle.level),
            Self::OtherUnit => rules.cite("hours.unit", &hours.unit),
            Self::FormNotAccepted => rules.cite_form(form, "accepted", |rules| Some(&rules.accepted)),
            Self::NotOnRecord => rules.cite_form(form, "filing", |rules| rules.filing.as_ref()),
            Self::NoConversion | Self::OverConversion => {
                rules.cite_form(form, "conversion", |rules| Some(&rules.conversion))
            }
            Self::SameActivity | Self::CountedInEarlierCycle => {
                rules.cite("hours.one_activity_once", &hours.one_activity_once)
            }
            Self::OverFormCap => hours.caps.get(&form).map_or_else(
                || rules.cite_hours(cycle.level),
                |cap| rules.cite(&format!("hours.caps.{}", form.key()), cap),
            ),
            Self::OverCycleCap => hours
                .cycle_cap
                .as_ref()
                .map_or_else(|| rules.cite_hours(cycle.level), |cap| rules.cite("hours.cycle_cap", cap)),
        }
    }
}

/// Hours of one record that don't count, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Uncounted {
    /// Stable code.
    pub code: Why,
    /// How many.
    pub hours: Hours,
    /// The same in Chinese, with what there is to do about it.
    pub detail: String,
    /// The rule behind it.
    pub rule: Citation,
    /// The record that counts instead.
    pub other: Option<CreditId>,
}

impl Uncounted {
    pub(super) fn new(
        code: Why,
        hours: Hours,
        other: Option<CreditId>,
        record: &CreditRecord,
        cycle: &Cycle,
        rules: &RuleSet,
    ) -> Self {
        let detail = code.sentence(record, cycle, rules);
        Self { code, hours, detail, rule: code.citation(record, cycle, rules), other }
    }
}
