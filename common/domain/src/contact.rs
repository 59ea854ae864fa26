//! How a person is reached: mobile number and e-mail address.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why a text is no way to reach anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContact {
    /// Not a mainland mobile number.
    #[error("手机号码应为 11 位数字，以 1 开头")]
    Mobile,
    /// Not an address mail can be sent to.
    #[error("电子邮箱格式不正确，例如 name@example.com")]
    Email,
}

/// A mainland mobile number: eleven digits that begin with 13 to 19 (`+86` and blanks are taken off).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MobileNumber(String);

impl FromStr for MobileNumber {
    type Err = InvalidContact;

    fn from_str(text: &str) -> Result<Self, InvalidContact> {
        let digits: String = text.chars().filter(|character| !matches!(character, ' ' | '-')).collect();
        let digits = digits.strip_prefix("+86").unwrap_or(&digits);
        let bytes = digits.as_bytes();
        if bytes.len() == 11
            && bytes.iter().all(u8::is_ascii_digit)
            && bytes[0] == b'1'
            && matches!(bytes[1], b'3'..=b'9')
        {
            Ok(Self(digits.to_owned()))
        } else {
            Err(InvalidContact::Mobile)
        }
    }
}

/// An e-mail address: one `@`, a local part of printable ASCII, a host name with a dot; 254 characters at most.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address as others may see it: `z***@example.com`.
    pub fn masked(&self) -> String {
        let (local, host) = self.0.split_once('@').unwrap_or_default();
        format!("{}***@{host}", local.get(..1).unwrap_or_default())
    }

    /// True where mail to `other` arrives in the same mailbox. No server in use tells capitals apart.
    pub fn is_same_mailbox(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidContact;

    fn from_str(text: &str) -> Result<Self, InvalidContact> {
        let text = text.trim();
        let valid = || -> Option<()> {
            let (local, host) = text.split_once('@')?;
            let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&byte);
            let local_ok = (1..=64).contains(&local.len())
                && local.bytes().all(atom)
                && !local.starts_with('.')
                && !local.ends_with('.')
                && !local.contains("..");
            let label_ok = |label: &str| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            };
            let host_ok = host.contains('.') && host.split('.').all(label_ok);
            (text.len() <= 254 && local_ok && host_ok).then_some(())
        };
        valid().map(|()| Self(text.to_owned())).ok_or(InvalidContact::Email)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl MobileNumber {
    /// The eleven digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MobileNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}****{}", &self.0[..3], &self.0[7..])
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.split_once('@').map_or("", |(_, host)| host);
        write!(f, "***@{host}")
    }
}

macro_rules! as_text {
    ($($name:ty),*) => {
        $(
            impl From<$name> for String {
                fn from(value: $name) -> Self {
                    value.0
                }
            }

            impl TryFrom<String> for $name {
                type Error = InvalidContact;

                fn try_from(text: String) -> Result<Self, InvalidContact> {
                    text.parse()
                }
            }
        )*
    };
}
as_text!(MobileNumber, EmailAddress);

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("13800138000", true)]
    #[case("+86 138-0013-8000", true)]
    #[case("12800138000", false)]
    #[case("1380013800", false)]
    #[case("138001380001", false)]
    #[case("１3800138000", false)]
    fn mobile_numbers(#[case] text: &str, #[case] good: bool) {
        assert_eq!(text.parse::<MobileNumber>().is_ok(), good);
    }

    #[rstest]
    #[case("zhang.san+reg@mail.example.com", true)]
    #[case("123456@qq.com", true)]
    #[case("zhang@example", false)]
    #[case("zhang san@example.com", false)]
    #[case("a@b@example.com", false)]
    #[case("a@example.com\r\nBcc: x@example.com", false)]
    #[case(".a@example.com", false)]
    #[case("a@-example.com", false)]
    #[case("张三@example.com", false)]
    fn e_mail_addresses(#[case] text: &str, #[case] good: bool) {
        assert_eq!(text.parse::<EmailAddress>().is_ok(), good);
    }

    #[test]
    fn debug_output_tells_nobodys_address() {
        let mobile: MobileNumber = "13800138000".parse().unwrap();
        let email: EmailAddress = "zhang@example.com".parse().unwrap();
        assert_eq!(format!("{mobile:?} {email:?}"), "138****8000 ***@example.com");
    }
}
