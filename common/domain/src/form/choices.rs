//! The form's fixed choices.

use serde::{Deserialize, Serialize};

macro_rules! choices {
    ($(#[$about:meta])* $name:ident { $($variant:ident $label:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[doc = $label] $variant,)*
        }

        impl $name {
            /// Every choice, in the order a form shows them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name people see.
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)*
                }
            }
        }
    };
}

choices! {
    /// 学历
    EducationLevel {
        SecondaryOrBelow "中专、高中及以下",
        JuniorCollege "大专",
        Bachelor "本科",
        Master "硕士研究生",
        Doctor "博士研究生",
    }
}

choices! {
    /// 政治面貌
    PoliticalStatus {
        CommunistPartyMember "中共党员",
        ProbationaryPartyMember "中共预备党员",
        CommunistYouthLeagueMember "共青团员",
        DemocraticPartyMember "民主党派成员",
        NonPartisan "无党派人士",
        Masses "群众",
    }
}

choices! {
    /// 从业状态
    EmploymentStatus {
        FullTime "专职",
        PartTime "兼职",
        NotPractising "未从业",
    }
}

choices! {
    /// 从事社会工作领域
    PracticeField {
        Community "社区建设",
        Elderly "养老服务",
        Children "儿童福利",
        Youth "青少年事务",
        Family "婚姻家庭",
        Disability "残障康复",
        SocialAssistance "社会救助",
        Medical "医疗卫生",
        MentalHealth "精神卫生",
        School "学校教育",
        Corrections "矫治帮教",
        DrugControl "禁毒戒毒",
        VeteransAffairs "优抚安置",
        Enterprise "企业职工",
        DisasterRelief "应急救灾",
        Other "其他",
    }
}
