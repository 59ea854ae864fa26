//! Who writes: the office's name, the address mail comes from, where its links lead, and whom a reader can ask.

use super::{UnsubscribeLinks, wording::one_line};
use domain::{
    contact::EmailAddress,
    id::{ApplicationId, NoticeId},
    notification::Notification,
    registration::RegistrationNumber,
};
use http::Uri;

/// What every mail has in common. Made once, at boot, from the configuration.
#[derive(Debug, Clone)]
pub struct Letterhead {
    pub(super) office: String,
    pub(super) from: EmailAddress,
    pub(super) reply_to: Option<EmailAddress>,
    pub(super) portal: String,
    pub(super) enquiries: String,
    unsubscribe: Option<UnsubscribeLinks>,
}

/// A part of the letterhead that no mail can be written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLetterhead {
    /// The office has no name.
    #[error("the office's name is empty; it signs every mail")]
    Office,
    /// The links' base isn't an address a reader can open.
    #[error(
        "the portal must be an https address without query (http on loopback only), e.g. https://sw.example.cn"
    )]
    Portal,
    /// Nobody to ask.
    #[error("the line that says whom to ask is empty, e.g. 电话 027-12345678（工作日 9:00–17:00）")]
    Enquiries,
}

impl InvalidLetterhead {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Office => "letterhead_office_invalid",
            Self::Portal => "letterhead_portal_invalid",
            Self::Enquiries => "letterhead_enquiries_invalid",
        }
    }
}

impl Letterhead {
    /// `office` signs the mails and is the name of their sender, whose address is `from`; answers go to `reply_to`
    /// where there is one, and otherwise readers are told not to answer. `portal` is the base of the links:
    /// `{portal}/applications/{id}`, `{portal}/notices/{id}`, `{portal}/me` and `{portal}/verify/{registration number}`. `enquiries` is one
    /// line that says whom to ask and when.
    pub fn new(
        office: &str,
        from: EmailAddress,
        reply_to: Option<EmailAddress>,
        portal: &str,
        enquiries: &str,
    ) -> Result<Self, InvalidLetterhead> {
        let (office, enquiries) = (one_line(office), one_line(enquiries));
        if office.is_empty() {
            return Err(InvalidLetterhead::Office);
        }
        if enquiries.is_empty() {
            return Err(InvalidLetterhead::Enquiries);
        }
        let portal = portal.trim_end_matches('/');
        if !can_be_opened(portal) {
            return Err(InvalidLetterhead::Portal);
        }
        Ok(Self { office, from, reply_to, portal: portal.to_owned(), enquiries, unsubscribe: None })
    }

    /// The same with `links` by which readers take themselves off what the office doesn't have to tell.
    #[must_use]
    pub fn with_unsubscribe(self, links: UnsubscribeLinks) -> Self {
        Self { unsubscribe: Some(links), ..self }
    }

    /// Where the reader of `notification` takes themselves off more like it; none where the office has to tell it.
    pub(super) fn unsubscribe(&self, notification: &Notification) -> Option<String> {
        let links = self.unsubscribe.as_ref().filter(|_| !notification.message.is_statutory());
        links.map(|links| links.link(&notification.holder))
    }

    /// Where a holder sees an application of theirs.
    pub(super) fn application(&self, id: &ApplicationId) -> String {
        format!("{}/applications/{id}", self.portal)
    }

    /// Where a holder sees their registration and what can be done about it.
    pub(super) fn registration(&self) -> String {
        format!("{}/me", self.portal)
    }

    /// Where a holder reads a notice.
    pub(super) fn notice(&self, id: &NoticeId) -> String {
        format!("{}/notices/{id}", self.portal)
    }

    /// Where staff sign in.
    pub(super) fn console(&self) -> String {
        format!("{}/review", self.portal)
    }

    /// Where anybody can check a registration.
    pub(super) fn verification(&self, number: &RegistrationNumber) -> String {
        format!("{}/verify/{number}", self.portal)
    }

    /// The host of the sender's address.
    pub(super) fn domain(&self) -> &str {
        self.from.as_str().rsplit_once('@').map_or("", |(_, host)| host)
    }
}

fn can_be_opened(portal: &str) -> bool {
    let Ok(uri) = portal.parse::<Uri>() else { return false };
    let loopback = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let scheme = uri.scheme_str() == Some("https") || (loopback && uri.scheme_str() == Some("http"));
    let no_user = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    scheme && no_user && uri.query().is_none() && !portal.contains(['#', '"', '\'', '<', '>'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn with_portal(portal: &str) -> Result<Letterhead, InvalidLetterhead> {
        Letterhead::new("登记中心", "registry@example.cn".parse().unwrap(), None, portal, "电话 027-12345678")
    }

    #[rstest]
    #[case("https://sw.example.cn", true)]
    #[case("https://sw.example.cn/registry/", true)]
    #[case("http://127.0.0.1:8080", true)]
    #[case("http://localhost:8080", true)]
    #[case("http://sw.example.cn", false)]
    #[case("https://user@sw.example.cn", false)]
    #[case("https://sw.example.cn/?a=b", false)]
    #[case("https://sw.example.cn/#top", false)]
    #[case("https://sw.example.cn/\"onclick=", false)]
    #[case("javascript:alert(1)", false)]
    #[case("sw.example.cn", false)]
    #[case("", false)]
    fn a_portal_is_an_address_a_reader_can_open(#[case] portal: &str, #[case] good: bool) {
        assert_eq!(with_portal(portal).err(), (!good).then_some(InvalidLetterhead::Portal), "{portal}");
    }

    #[test]
    fn links_are_made_of_the_portal_without_its_last_slash() {
        assert_eq!(
            with_portal("https://sw.example.cn/r/").unwrap().registration(),
            "https://sw.example.cn/r/me"
        );
    }

    #[test]
    fn a_letterhead_says_who_writes_and_whom_to_ask() {
        let from: EmailAddress = "registry@example.cn".parse().unwrap();
        let new = |office, enquiries| {
            Letterhead::new(office, from.clone(), None, "https://sw.example.cn", enquiries).err()
        };
        assert_eq!(new(" \r\n", "电话"), Some(InvalidLetterhead::Office));
        assert_eq!(new("登记中心", " "), Some(InvalidLetterhead::Enquiries));
        assert_eq!(new("登记中心", "电话"), None);
    }
}
