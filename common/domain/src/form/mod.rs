//! The application form, as the guide lists it: contact, education and political status; the certificate; work; and
//! membership of professional bodies, with a declaration that all of it is true.
//!
//! A draft may be incomplete but never wrong: each value is checked when it's entered ([`Form::merge`]).

mod choices;
mod input;
mod shown;
mod text;

pub use choices::{EducationLevel, EmploymentStatus, PoliticalStatus, PracticeField};
pub(crate) use input::{Entry, entry};
pub use input::{FormInput, IdentityDocumentInput};
pub use text::{InvalidText, PersonName, ShortText};

use crate::{
    certificate::{Certificate, CertificateLevel, ManagementNumber},
    contact::{EmailAddress, MobileNumber},
    date::CalendarDate,
    district::DistrictCode,
    identity::IdentityDocument,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// 姓名
    Name,
    /// 身份证件
    IdentityDocument,
    /// 手机号码
    Mobile,
    /// 电子邮箱
    Email,
    /// 通讯地址
    PostalAddress,
    /// 登记所在地
    District,
    /// 学历
    Education,
    /// 毕业院校
    School,
    /// 政治面貌
    PoliticalStatus,
    /// 证书管理号
    ManagementNumber,
    /// 发证日期
    IssuedOn,
    /// 证书级别
    CertificateLevel,
    /// 从业状态
    EmploymentStatus,
    /// 工作单位
    Employer,
    /// 职务
    Position,
    /// 从事社会工作领域
    PracticeField,
    /// 加入的社会工作行业组织
    Memberships,
    /// 真实性声明
    Declaration,
}

/// A part of an application as a reviewer looks at it, and as a return names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// 个人身份
    Person,
    /// 联系方式
    Contact,
    /// 学历
    Education,
    /// 证书信息
    Certificate,
    /// 工作信息
    Employment,
    /// 行业组织
    Membership,
    /// 证件照
    Photo,
    /// 身份证照片
    IdentityCard,
    /// 证书扫描件
    CertificateScan,
    /// 转移信息: what a transfer asks beyond the form, with the other province's letter
    Transfer,
    /// 其他材料
    Papers,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 11] = [
        Self::Person,
        Self::Contact,
        Self::Education,
        Self::Certificate,
        Self::Employment,
        Self::Membership,
        Self::Photo,
        Self::IdentityCard,
        Self::CertificateScan,
        Self::Transfer,
        Self::Papers,
    ];

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Person => "个人身份",
            Self::Contact => "联系方式",
            Self::Education => "学历",
            Self::Certificate => "证书信息",
            Self::Employment => "工作信息",
            Self::Membership => "行业组织",
            Self::Photo => "证件照",
            Self::IdentityCard => "身份证照片",
            Self::CertificateScan => "证书扫描件",
            Self::Transfer => "转移信息",
            Self::Papers => "其他材料",
        }
    }
}

impl Field {
    /// The field's key in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::IdentityDocument => "identity_document",
            Self::Mobile => "mobile",
            Self::Email => "email",
            Self::PostalAddress => "postal_address",
            Self::District => "district",
            Self::Education => "education",
            Self::School => "school",
            Self::PoliticalStatus => "political_status",
            Self::ManagementNumber => "management_number",
            Self::IssuedOn => "issued_on",
            Self::CertificateLevel => "certificate_level",
            Self::EmploymentStatus => "employment_status",
            Self::Employer => "employer",
            Self::Position => "position",
            Self::PracticeField => "practice_field",
            Self::Memberships => "memberships",
            Self::Declaration => "declaration",
        }
    }

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "姓名",
            Self::IdentityDocument => "身份证件",
            Self::Mobile => "手机号码",
            Self::Email => "电子邮箱",
            Self::PostalAddress => "通讯地址",
            Self::District => "登记所在地",
            Self::Education => "学历",
            Self::School => "毕业院校",
            Self::PoliticalStatus => "政治面貌",
            Self::ManagementNumber => "证书管理号",
            Self::IssuedOn => "发证日期",
            Self::CertificateLevel => "证书级别",
            Self::EmploymentStatus => "从业状态",
            Self::Employer => "工作单位",
            Self::Position => "职务",
            Self::PracticeField => "从事社会工作领域",
            Self::Memberships => "加入的社会工作行业组织",
            Self::Declaration => "真实性声明",
        }
    }

    /// The part of the application it stands in; the declaration is the holder's word and isn't reviewed.
    pub fn part(self) -> Option<Part> {
        Some(match self {
            Self::Name | Self::IdentityDocument | Self::PoliticalStatus => Part::Person,
            Self::Mobile | Self::Email | Self::PostalAddress | Self::District => Part::Contact,
            Self::Education | Self::School => Part::Education,
            Self::ManagementNumber | Self::IssuedOn | Self::CertificateLevel => Part::Certificate,
            Self::EmploymentStatus | Self::Employer | Self::Position | Self::PracticeField => {
                Part::Employment
            }
            Self::Memberships => Part::Membership,
            Self::Declaration => return None,
        })
    }
}

/// The form. Every field may still be open.
///
/// The identity document is left out when the form is serialised: whoever stores it seals it, whoever shows it masks
/// it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Form {
    /// 姓名
    pub name: Option<PersonName>,
    /// 身份证件
    #[serde(skip)]
    pub identity_document: Option<IdentityDocument>,
    /// 手机号码
    pub mobile: Option<MobileNumber>,
    /// 电子邮箱
    pub email: Option<EmailAddress>,
    /// 通讯地址
    pub postal_address: Option<ShortText>,
    /// 登记所在地 (household registration or workplace, 民发〔2009〕44号 art. 6)
    pub district: Option<DistrictCode>,
    /// 学历
    pub education: Option<EducationLevel>,
    /// 毕业院校
    pub school: Option<ShortText>,
    /// 政治面貌
    pub political_status: Option<PoliticalStatus>,
    /// 证书管理号
    pub management_number: Option<ManagementNumber>,
    /// 发证日期
    pub issued_on: Option<CalendarDate>,
    /// 证书级别
    pub certificate_level: Option<CertificateLevel>,
    /// 从业状态
    pub employment_status: Option<EmploymentStatus>,
    /// 工作单位
    pub employer: Option<ShortText>,
    /// 职务
    pub position: Option<ShortText>,
    /// 从事社会工作领域
    pub practice_field: Option<PracticeField>,
    /// 加入的社会工作行业组织; an empty list says "none"
    pub memberships: Option<Vec<ShortText>>,
    /// 真实性声明: the holder declared that everything is true
    pub declaration: bool,
}

impl Form {
    /// The certificate, once all three of its fields are filled in.
    pub fn certificate(&self) -> Option<Certificate> {
        Some(Certificate {
            management_number: self.management_number.clone()?,
            issued_on: self.issued_on?,
            level: self.certificate_level?,
        })
    }

    /// The fields in which the two differ.
    pub fn changed_fields(&self, other: &Self) -> BTreeSet<Field> {
        let mut changed = BTreeSet::new();
        let mut compare = |differs: bool, field: Field| {
            if differs {
                changed.insert(field);
            }
        };
        compare(self.name != other.name, Field::Name);
        compare(self.identity_document != other.identity_document, Field::IdentityDocument);
        compare(self.mobile != other.mobile, Field::Mobile);
        compare(self.email != other.email, Field::Email);
        compare(self.postal_address != other.postal_address, Field::PostalAddress);
        compare(self.district != other.district, Field::District);
        compare(self.education != other.education, Field::Education);
        compare(self.school != other.school, Field::School);
        compare(self.political_status != other.political_status, Field::PoliticalStatus);
        compare(self.management_number != other.management_number, Field::ManagementNumber);
        compare(self.issued_on != other.issued_on, Field::IssuedOn);
        compare(self.certificate_level != other.certificate_level, Field::CertificateLevel);
        compare(self.employment_status != other.employment_status, Field::EmploymentStatus);
        compare(self.employer != other.employer, Field::Employer);
        compare(self.position != other.position, Field::Position);
        compare(self.practice_field != other.practice_field, Field::PracticeField);
        compare(self.memberships != other.memberships, Field::Memberships);
        compare(self.declaration != other.declaration, Field::Declaration);
        changed
    }

    /// This form with `fields` as `other` has them.
    #[must_use]
    pub(crate) fn with(&self, fields: &BTreeSet<Field>, other: &Self) -> Self {
        let mut form = self.clone();
        for field in fields {
            match field {
                Field::Name => form.name.clone_from(&other.name),
                Field::IdentityDocument => form.identity_document.clone_from(&other.identity_document),
                Field::Mobile => form.mobile.clone_from(&other.mobile),
                Field::Email => form.email.clone_from(&other.email),
                Field::PostalAddress => form.postal_address.clone_from(&other.postal_address),
                Field::District => form.district.clone_from(&other.district),
                Field::Education => form.education = other.education,
                Field::School => form.school.clone_from(&other.school),
                Field::PoliticalStatus => form.political_status = other.political_status,
                Field::ManagementNumber => form.management_number.clone_from(&other.management_number),
                Field::IssuedOn => form.issued_on = other.issued_on,
                Field::CertificateLevel => form.certificate_level = other.certificate_level,
                Field::EmploymentStatus => form.employment_status = other.employment_status,
                Field::Employer => form.employer.clone_from(&other.employer),
                Field::Position => form.position.clone_from(&other.position),
                Field::PracticeField => form.practice_field = other.practice_field,
                Field::Memberships => form.memberships.clone_from(&other.memberships),
                Field::Declaration => form.declaration = other.declaration,
            }
        }
        form
    }

    /// The fields of the guide's form that are still open. Who isn't in practice (未从业) has no employer, position or
    /// field to give.
    pub fn missing_fields(&self) -> Vec<Field> {
        let practising =
            self.employment_status.is_some_and(|status| status != EmploymentStatus::NotPractising);
        [
            (self.name.is_none(), Field::Name),
            (self.identity_document.is_none(), Field::IdentityDocument),
            (self.mobile.is_none(), Field::Mobile),
            (self.email.is_none(), Field::Email),
            (self.district.is_none(), Field::District),
            (self.education.is_none(), Field::Education),
            (self.political_status.is_none(), Field::PoliticalStatus),
            (self.management_number.is_none(), Field::ManagementNumber),
            (self.issued_on.is_none(), Field::IssuedOn),
            (self.certificate_level.is_none(), Field::CertificateLevel),
            (self.employment_status.is_none(), Field::EmploymentStatus),
            (practising && self.employer.is_none(), Field::Employer),
            (practising && self.position.is_none(), Field::Position),
            (practising && self.practice_field.is_none(), Field::PracticeField),
            (self.memberships.is_none(), Field::Memberships),
            (!self.declaration, Field::Declaration),
        ]
        .into_iter()
        .filter_map(|(missing, field)| missing.then_some(field))
        .collect()
    }
}
