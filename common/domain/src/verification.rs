//! Verification: what anybody may learn of a registration by its number, and how it stands in their eyes.

use crate::{
    certificate::CertificateLevel,
    date::CalendarDate,
    district::DistrictCode,
    form::PersonName,
    id::HolderId,
    registration::{Registration, RegistrationNumber, RegistrationStatus},
};
use serde::{Deserialize, Serialize};

/// What the register keeps of a registration for those who verify it: written with every change of the registration, so
/// that a look at it is one read. Nothing in it says more of a person than their certificate does; of the name only
/// [`PersonName::masked`] is ever shown, and of the holder nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicEntry {
    /// 登记号
    pub number: RegistrationNumber,
    /// Whose it is; for staff who look for a registration by its number, never shown.
    pub holder: HolderId,
    /// The name registered; shown masked.
    pub name: PersonName,
    /// The certificate's level.
    pub level: CertificateLevel,
    /// Where it's registered: says who issued it.
    pub district: DistrictCode,
    /// The day of the first registration.
    pub registered_on: CalendarDate,
    /// Last day of validity.
    pub valid_until: CalendarDate,
    /// How the register has it.
    pub status: RegistrationStatus,
    /// True while a renewal that was submitted in time is undecided.
    pub pending: bool,
    /// The present edition of the electronic certificate.
    pub edition: u32,
    /// The day it ended; none while it's in force.
    #[serde(default)]
    pub ended_on: Option<CalendarDate>,
}

impl From<&Registration> for PublicEntry {
    fn from(registration: &Registration) -> Self {
        Self {
            number: registration.number.clone(),
            holder: registration.holder.clone(),
            name: registration.name.clone(),
            level: registration.certificate.level,
            district: registration.district.clone(),
            registered_on: registration.registered_on,
            valid_until: registration.valid_until,
            status: registration.status,
            pending: registration.pending_renewal.is_some(),
            edition: registration.edition,
            ended_on: registration.ended_on,
        }
    }
}

/// How what somebody shows stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// 有效: in force.
    Valid,
    /// 有效（再登记审核中）: in force, past its last day or not, since a renewal was submitted in time and is undecided.
    RenewalUnderReview,
    /// 已失效: past its last day without a renewal, whether or not the register has noted it yet.
    Lapsed,
    /// 已注销: ended at the holder's wish.
    Cancelled,
    /// 已撤销: ended by the authority.
    Revoked,
    /// 已转出: registered in another province.
    Transferred,
    /// 证书已更换: the registration is in force, but the certificate shown is an older edition.
    Replaced,
    /// 查无此登记: nobody was ever given this number.
    Unknown,
}

impl Standing {
    /// How a registration stands on `today` of which the register says `status` and `valid_until`, and whether a renewal is
    /// `pending`.
    fn of(status: RegistrationStatus, pending: bool, valid_until: CalendarDate, today: CalendarDate) -> Self {
        match status {
            RegistrationStatus::Active if pending => Self::RenewalUnderReview,
            RegistrationStatus::Active if today <= valid_until => Self::Valid,
            RegistrationStatus::Active | RegistrationStatus::Lapsed => Self::Lapsed,
            RegistrationStatus::Cancelled => Self::Cancelled,
            RegistrationStatus::Revoked => Self::Revoked,
            RegistrationStatus::TransferredOut => Self::Transferred,
        }
    }

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Valid => "有效",
            Self::RenewalUnderReview => "有效（再登记审核中）",
            Self::Lapsed => "已失效",
            Self::Cancelled => "已注销",
            Self::Revoked => "已撤销",
            Self::Transferred => "已转出",
            Self::Replaced => "证书已更换",
            Self::Unknown => "查无此登记",
        }
    }

    /// True where the registration can be relied on. The certificate that was shown may still be an old one.
    pub fn is_in_force(self) -> bool {
        matches!(self, Self::Valid | Self::RenewalUnderReview | Self::Replaced)
    }
}

impl Registration {
    /// How it stands on `today`: what verifiers are told that day, and what is printed.
    pub fn standing(&self, today: CalendarDate) -> Standing {
        Standing::of(self.status, self.pending_renewal.is_some(), self.valid_until, today)
    }
}

/// What is said of a number that nobody was ever given.
pub const UNKNOWN: &str =
    "没有查到该登记号的登记。请与证书逐位核对；如号码无误，请要求对方出示电子证书，或向当地登记管理机构核实";

impl PublicEntry {
    /// How the registration stands on `today`. As [`Registration::is_valid_on`] has it: past its last day it has lapsed,
    /// though the job that notes it may not have run yet.
    pub fn standing(&self, today: CalendarDate) -> Standing {
        Standing::of(self.status, self.pending, self.valid_until, today)
    }

    /// How a certificate of `edition` stands on `today`: as the registration does, unless that is in force and there is a
    /// newer edition. One that isn't in force is told as that; which edition it was doesn't matter any more.
    pub fn standing_of_edition(&self, edition: u32, today: CalendarDate) -> Standing {
        match self.standing(today) {
            standing if standing.is_in_force() && edition < self.edition => Standing::Replaced,
            standing => standing,
        }
    }

    /// A sentence that says how the registration stands on `today`.
    pub fn sentence(&self, today: CalendarDate) -> String {
        let until = self.valid_until.in_chinese();
        let ended = self.ended_on.map_or_else(|| "此前".to_owned(), |day| format!("于 {}", day.in_chinese()));
        match self.standing(today) {
            Standing::RenewalUnderReview if today > self.valid_until => {
                format!("登记有效期至 {until}，再登记申请已按时提交、正在审核，审核结束前登记继续有效")
            }
            Standing::RenewalUnderReview => format!("登记有效，有效期至 {until}；再登记申请正在审核"),
            Standing::Lapsed => format!("登记有效期已于 {until}届满，未再登记，现已失效"),
            Standing::Cancelled => format!("登记已{ended}应本人申请注销，不再有效"),
            Standing::Revoked => format!("登记已{ended}被登记管理机构撤销，不再有效"),
            Standing::Transferred => {
                format!("登记已{ended}转出，不再由本机构登记，请向转入地登记管理机构核验")
            }
            Standing::Valid | Standing::Replaced | Standing::Unknown => {
                format!("登记有效，有效期至 {until}")
            }
        }
    }
}

/// What a verifier sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verification {
    /// 登记号
    pub number: RegistrationNumber,
    /// How what was shown stands: the certificate where one was shown, else the registration.
    pub standing: Standing,
    /// The same in Chinese.
    pub standing_label: &'static str,
    /// True where the registration can be relied on today.
    pub in_force: bool,
    /// How the registration itself stands: differs from `standing` where the certificate shown is an older edition.
    pub registration_standing: Standing,
    /// The same as a sentence, in Chinese.
    pub detail: String,
    /// The holder's name, masked: `张**`. None where nobody has the number, as all that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The certificate's level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<CertificateLevel>,
    /// The level in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_label: Option<&'static str>,
    /// The day of the first registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered_on: Option<CalendarDate>,
    /// Last day of validity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<CalendarDate>,
    /// The day it ended; none while it's in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_on: Option<CalendarDate>,
    /// The issuing body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<String>,
}

impl Verification {
    /// What is seen of `entry` on `today`, where a certificate of edition `shown` is held up or none; `authority` is the
    /// issuing body.
    pub fn of(entry: &PublicEntry, shown: Option<u32>, authority: &str, today: CalendarDate) -> Self {
        let registration_standing = entry.standing(today);
        let standing =
            shown.map_or(registration_standing, |edition| entry.standing_of_edition(edition, today));
        let sentence = entry.sentence(today);
        Self {
            number: entry.number.clone(),
            standing,
            standing_label: standing.label(),
            in_force: standing.is_in_force(),
            registration_standing,
            detail: match standing {
                Standing::Replaced => {
                    format!("所示证书不是现行版本，已被新的电子证书取代，请要求出示最新证书；{sentence}")
                }
                _ => sentence,
            },
            name: Some(entry.name.masked()),
            level: Some(entry.level),
            level_label: Some(entry.level.label()),
            registered_on: Some(entry.registered_on),
            valid_until: Some(entry.valid_until),
            ended_on: entry.ended_on,
            issued_by: Some(authority.to_owned()),
        }
    }

    /// What is seen of a number that nobody has.
    pub fn unknown(number: RegistrationNumber) -> Self {
        Self {
            number,
            standing: Standing::Unknown,
            standing_label: Standing::Unknown.label(),
            in_force: false,
            registration_standing: Standing::Unknown,
            detail: UNKNOWN.to_owned(),
            name: None,
            level: None,
            level_label: None,
            registered_on: None,
            valid_until: None,
            ended_on: None,
            issued_by: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::date;
    use rstest::rstest;

    fn entry(status: RegistrationStatus, pending: bool) -> PublicEntry {
        PublicEntry {
            number: RegistrationNumber::mint(&"420106".parse().unwrap(), 2026, 7),
            holder: HolderId::mint(1),
            name: "欧阳晓雯".parse().unwrap(),
            level: CertificateLevel::SocialWorker,
            district: "420106".parse().unwrap(),
            registered_on: date(2026, 3, 1),
            valid_until: date(2029, 2, 28),
            status,
            pending,
            edition: 2,
            ended_on: (status != RegistrationStatus::Active).then(|| date(2027, 5, 6)),
        }
    }

    /// The register's status, whether a renewal waits, days after the last one, the edition shown; what is seen.
    #[rstest]
    #[case(RegistrationStatus::Active, false, 0, None, Standing::Valid, Standing::Valid)]
    #[case(RegistrationStatus::Active, false, 0, Some(2), Standing::Valid, Standing::Valid)]
    #[case(RegistrationStatus::Active, false, 0, Some(1), Standing::Replaced, Standing::Valid)]
    #[case(RegistrationStatus::Active, false, 1, None, Standing::Lapsed, Standing::Lapsed)]
    #[case(RegistrationStatus::Active, false, 1, Some(1), Standing::Lapsed, Standing::Lapsed)]
    #[case(
        RegistrationStatus::Active,
        true,
        0,
        None,
        Standing::RenewalUnderReview,
        Standing::RenewalUnderReview
    )]
    #[case(
        RegistrationStatus::Active,
        true,
        9,
        None,
        Standing::RenewalUnderReview,
        Standing::RenewalUnderReview
    )]
    #[case(RegistrationStatus::Active, true, 9, Some(1), Standing::Replaced, Standing::RenewalUnderReview)]
    #[case(RegistrationStatus::Lapsed, false, 1, None, Standing::Lapsed, Standing::Lapsed)]
    #[case(RegistrationStatus::Cancelled, false, -9, Some(1), Standing::Cancelled, Standing::Cancelled)]
    #[case(RegistrationStatus::Revoked, false, -9, Some(1), Standing::Revoked, Standing::Revoked)]
    #[case(RegistrationStatus::TransferredOut, false, -9, None, Standing::Transferred, Standing::Transferred)]
    fn how_what_is_shown_stands(
        #[case] status: RegistrationStatus,
        #[case] pending: bool,
        #[case] days: i64,
        #[case] shown: Option<u32>,
        #[case] standing: Standing,
        #[case] registration: Standing,
    ) {
        let entry = entry(status, pending);
        let seen = Verification::of(&entry, shown, "登记管理机构", entry.valid_until.plus_days(days));
        assert_eq!((seen.standing, seen.registration_standing), (standing, registration));
        let in_force = status == RegistrationStatus::Active && (pending || days <= 0);
        assert_eq!(seen.in_force, in_force, "as Registration::is_valid_on has it");
        assert_eq!(seen.detail.contains("有效期至 2029 年 2 月 28 日"), in_force, "{}", seen.detail);
        assert_eq!(seen.detail.contains("取代"), standing == Standing::Replaced, "{}", seen.detail);
        assert!(
            seen.ended_on
                .is_none_or(|_| seen.detail.contains("2027 年 5 月 6 日") || standing == Standing::Lapsed)
        );
    }

    #[test]
    fn a_verifier_learns_neither_the_name_nor_whose_it_is() {
        let entry = entry(RegistrationStatus::Active, false);
        let seen =
            serde_json::to_string(&Verification::of(&entry, Some(1), "机构", entry.valid_until)).unwrap();
        assert!(seen.contains("欧**") && !seen.contains("阳晓雯"), "{seen}");
        assert!(!seen.contains(entry.holder.as_str()), "{seen}");
    }

    #[test]
    fn of_a_number_nobody_has_there_is_nothing_to_see() {
        let number = entry(RegistrationStatus::Active, false).number;
        let seen = serde_json::to_value(Verification::unknown(number.clone())).unwrap();
        let expected = serde_json::json!({
            "number": number, "standing": "unknown", "standing_label": "查无此登记", "in_force": false,
            "registration_standing": "unknown", "detail": UNKNOWN,
        });
        assert_eq!(seen, expected);
    }
}
