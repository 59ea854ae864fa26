//! What people type into the form, and how it becomes a checked [`Form`].

use super::{Form, ShortText};
use crate::{
    error::FieldError,
    form::Field,
    identity::{IdentityDocument, IdentityDocumentKind},
    rules::RuleSet,
};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use std::{fmt::Display, str::FromStr};

/// A changed value: left out (keep what is there), `null` (clear it), or the new value.
pub(crate) type Entry<T> = Option<Option<T>>;

/// Tells `null` from a field that is left out.
pub(crate) fn entry<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Entry<T>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// An identity document as typed.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityDocumentInput {
    /// The kind of document.
    pub kind: IdentityDocumentKind,
    /// Its number; checked by GB 11643 where the kind has such numbers.
    #[cfg_attr(feature = "openapi", schema(example = "11010519491231002X"))]
    pub number: String,
}

/// Changes to a form, as a JSON merge patch (RFC 7396): a field left out stays, `null` clears it.
#[derive(Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct FormInput {
    /// 姓名
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "张三"))]
    pub name: Entry<String>,
    /// 身份证件
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<IdentityDocumentInput>))]
    pub identity_document: Entry<IdentityDocumentInput>,
    /// 手机号码
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "13800138000"))]
    pub mobile: Entry<String>,
    /// 电子邮箱: receipts, decisions and reminders go there
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "zhang@example.com"))]
    pub email: Entry<String>,
    /// 通讯地址
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub postal_address: Entry<String>,
    /// 登记所在地, six digits of GB/T 2260
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "420106"))]
    pub district: Entry<String>,
    /// 学历
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<super::EducationLevel>))]
    pub education: Entry<String>,
    /// 毕业院校
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub school: Entry<String>,
    /// 政治面貌
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<super::PoliticalStatus>))]
    pub political_status: Entry<String>,
    /// 证书管理号
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "202510420106000123"))]
    pub management_number: Entry<String>,
    /// 发证日期
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date, example = "2026-01-15"))]
    pub issued_on: Entry<String>,
    /// 证书级别
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::certificate::CertificateLevel>))]
    pub certificate_level: Entry<String>,
    /// 从业状态
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<super::EmploymentStatus>))]
    pub employment_status: Entry<String>,
    /// 工作单位
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub employer: Entry<String>,
    /// 职务
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub position: Entry<String>,
    /// 从事社会工作领域
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<super::PracticeField>))]
    pub practice_field: Entry<String>,
    /// 加入的社会工作行业组织; an empty list says "none"
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub memberships: Entry<Vec<String>>,
    /// 真实性声明: `true` declares that everything in this form is true
    #[serde(deserialize_with = "entry")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    pub declaration: Entry<bool>,
    /// 转移信息: what a transfer asks beyond the form; only in an application for one
    pub transfer: Option<crate::transfer::TransferInput>,
}

/// At most this many memberships.
const MOST_MEMBERSHIPS: usize = 20;

/// Collects what is wrong, field by field, so that a person can mend all of it at once.
struct Checker {
    errors: Vec<FieldError>,
}

impl Checker {
    fn refuse(&mut self, field: Field, code: &'static str, detail: impl Display) {
        self.errors.push(FieldError {
            field: field.key().to_owned(),
            code: code.to_owned(),
            detail: detail.to_string(),
        });
    }

    /// Puts a typed value where it belongs, or notes what is wrong with it. Blank text clears, as people expect.
    fn take<T>(&mut self, field: Field, entry: Entry<String>, target: &mut Option<T>)
    where
        T: FromStr,
        T::Err: Display,
    {
        match entry {
            None => {}
            Some(None) => *target = None,
            Some(Some(text)) if text.trim().is_empty() => *target = None,
            Some(Some(text)) => match text.parse() {
                Ok(value) => *target = Some(value),
                Err(error) => self.refuse(field, "invalid", error),
            },
        }
    }

    /// As [`Self::take`], for a fixed choice.
    fn choose<T: DeserializeOwned>(&mut self, field: Field, entry: Entry<String>, target: &mut Option<T>) {
        match entry {
            None => {}
            Some(None) => *target = None,
            Some(Some(text)) if text.trim().is_empty() => *target = None,
            Some(Some(text)) => match serde_json::from_value(serde_json::Value::String(text)) {
                Ok(value) => *target = Some(value),
                Err(_) => self.refuse(field, "unknown_choice", format!("{}不在可选范围内", field.label())),
            },
        }
    }
}

impl Form {
    /// This form with `input` entered into it, or everything that is wrong with the input.
    pub fn merge(&self, input: FormInput, rules: &RuleSet) -> Result<Self, Vec<FieldError>> {
        let mut form = self.clone();
        let mut check = Checker { errors: Vec::new() };
        check.take(Field::Name, input.name, &mut form.name);
        match input.identity_document {
            None => {}
            Some(None) => form.identity_document = None,
            Some(Some(document)) => match IdentityDocument::new(document.kind, &document.number) {
                Ok(document) => form.identity_document = Some(document),
                Err(error) => check.refuse(Field::IdentityDocument, "invalid_identity_number", error),
            },
        }
        check.take(Field::Mobile, input.mobile, &mut form.mobile);
        check.take(Field::Email, input.email, &mut form.email);
        check.take(Field::PostalAddress, input.postal_address, &mut form.postal_address);
        check.take(Field::District, input.district, &mut form.district);
        check.choose(Field::Education, input.education, &mut form.education);
        check.take(Field::School, input.school, &mut form.school);
        check.choose(Field::PoliticalStatus, input.political_status, &mut form.political_status);
        match input.management_number {
            None => {}
            Some(None) => form.management_number = None,
            Some(Some(text)) => match rules.management_number(&text) {
                Some(number) => form.management_number = Some(number),
                None => check.refuse(
                    Field::ManagementNumber,
                    "invalid",
                    "证书管理号格式不正确，请按证书上的管理号逐位填写（数字和大写字母）",
                ),
            },
        }
        check.take(Field::IssuedOn, input.issued_on, &mut form.issued_on);
        check.choose(Field::CertificateLevel, input.certificate_level, &mut form.certificate_level);
        check.choose(Field::EmploymentStatus, input.employment_status, &mut form.employment_status);
        check.take(Field::Employer, input.employer, &mut form.employer);
        check.take(Field::Position, input.position, &mut form.position);
        check.choose(Field::PracticeField, input.practice_field, &mut form.practice_field);
        match input.memberships {
            None => {}
            Some(None) => form.memberships = None,
            Some(Some(names)) if names.len() > MOST_MEMBERSHIPS => {
                check.refuse(
                    Field::Memberships,
                    "too_many",
                    format!("最多填写 {MOST_MEMBERSHIPS} 个行业组织"),
                );
            }
            Some(Some(names)) => match names.iter().map(|name| name.parse::<ShortText>()).collect() {
                Ok(names) => form.memberships = Some(names),
                Err(error) => check.refuse(Field::Memberships, "invalid", error),
            },
        }
        if let Some(declaration) = input.declaration {
            form.declaration = declaration.unwrap_or(false);
        }
        if check.errors.is_empty() { Ok(form) } else { Err(check.errors) }
    }
}
