//! Where a service client is called: an address on the public internet, over TLS.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};
use url::{Host, Url};

/// The longest address, in characters.
const LONGEST: usize = 500;

/// Why an address can't be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebhookAddress {
    /// No address, or too long a one.
    #[error("接收地址格式不正确，例如 https://hr.example.com/registry（不超过 {LONGEST} 个字符）")]
    Malformed,
    /// Another scheme.
    #[error("接收地址必须以 https:// 开头")]
    NotHttps,
    /// With a name, a password or a fragment.
    #[error("接收地址不能带用户名、密码或 # 片段；请用签名核对来源")]
    Decorated,
    /// It leads into a network that isn't public.
    #[error("接收地址指向内部网络或本机，不能使用；请填写公网可以访问的地址")]
    Inside,
    /// Its name has no address.
    #[error("接收地址的域名无法解析，请核对")]
    Unresolved,
}

impl InvalidWebhookAddress {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "webhook_address_malformed",
            Self::NotHttps => "webhook_address_not_https",
            Self::Decorated => "webhook_address_decorated",
            Self::Inside => "webhook_address_inside",
            Self::Unresolved => "webhook_address_unresolved",
        }
    }
}

/// An `https` address without name, password or fragment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebhookAddress(Url);

impl WebhookAddress {
    /// The host as TLS and `Host` name it: a name, or an address (IPv6 in brackets).
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The host's address, where it's written as one.
    pub fn literal(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        }
    }

    /// The port; 443 where none is named.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// Host and, where it isn't 443, port: the `Host` of a call.
    pub fn authority(&self) -> &str {
        self.0.authority()
    }

    /// Path and query.
    pub fn target(&self) -> String {
        let query = self.0.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", self.0.path())
    }
}

impl FromStr for WebhookAddress {
    type Err = InvalidWebhookAddress;

    fn from_str(text: &str) -> Result<Self, InvalidWebhookAddress> {
        let text = text.trim();
        let url = Url::parse(text).map_err(|_| InvalidWebhookAddress::Malformed)?;
        if url.scheme() != "https" {
            return Err(InvalidWebhookAddress::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(InvalidWebhookAddress::Decorated);
        }
        // As it's kept: what isn't ASCII is longer there than as it was typed.
        let good = url.as_str().len() <= LONGEST && url.host_str().is_some_and(|host| !host.is_empty());
        if good { Ok(Self(url)) } else { Err(InvalidWebhookAddress::Malformed) }
    }
}

impl TryFrom<String> for WebhookAddress {
    type Error = InvalidWebhookAddress;

    fn try_from(text: String) -> Result<Self, InvalidWebhookAddress> {
        text.parse()
    }
}

impl From<WebhookAddress> for String {
    fn from(address: WebhookAddress) -> Self {
        address.0.into()
    }
}

impl fmt::Display for WebhookAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// True for an address on the public internet, by the IANA's special-purpose registries (RFC 6890): nothing private, local,
/// shared, reserved or for documentation, and no IPv6 address that stands for an IPv4 one of these.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Global unicast is 2000::/3. Of it, 2001::/23 is for protocols (Teredo among them), 2001:db8::/32 and 3fff::/20 are
    // for documentation, and 2002::/16 (6to4) stands for IPv4 addresses.
    let unicast = a & 0xe000 == 0x2000;
    let special = (a == 0x2001 && (b < 0x0200 || b == 0x0db8)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    unicast && !special
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://hr.example.com/registry?of=1", None)]
    #[case("https://hr.example.com:8443", None)]
    #[case(" https://单位.example.cn/登记 ", None)]
    #[case("https://203.0.113.7/", None)]
    #[case("http://hr.example.com/", Some("webhook_address_not_https"))]
    #[case("ftp://hr.example.com/", Some("webhook_address_not_https"))]
    #[case("https://u:p@hr.example.com/", Some("webhook_address_decorated"))]
    #[case("https://u@hr.example.com/", Some("webhook_address_decorated"))]
    #[case("https://hr.example.com/#x", Some("webhook_address_decorated"))]
    #[case("https://", Some("webhook_address_malformed"))]
    #[case("hr.example.com", Some("webhook_address_malformed"))]
    #[case("", Some("webhook_address_malformed"))]
    fn an_address_is_https_and_nothing_more(#[case] text: &str, #[case] refused: Option<&str>) {
        let read: Result<WebhookAddress, _> = text.parse();
        assert_eq!(read.as_ref().err().map(|error| error.code()), refused, "{text}: {read:?}");
    }

    #[test]
    fn an_address_says_where_it_leads() {
        let address: WebhookAddress = "https://HR.example.com:8443/a b?c=d".parse().unwrap();
        assert_eq!((address.host(), address.port()), ("hr.example.com", 8443));
        assert_eq!(address.authority(), "hr.example.com:8443");
        assert_eq!(address.target(), "/a%20b?c=d");
        assert_eq!(address.literal(), None);
        // However an address is written, it's the same address.
        for text in ["https://127.0.0.1/", "https://0x7f.1/", "https://2130706433/", "https://0177.0.0.1/"] {
            let address: WebhookAddress = text.parse().unwrap();
            assert_eq!(address.literal(), Some(Ipv4Addr::LOCALHOST.into()), "{text}");
        }
        let long = format!("https://hr.example.com/{}", "a".repeat(LONGEST));
        assert_eq!(long.parse::<WebhookAddress>(), Err(InvalidWebhookAddress::Malformed));
        // What is taken can be read back as it's kept, where one Chinese character is nine.
        let long = format!("https://hr.example.com/{}", "推".repeat(LONGEST / 8));
        assert_eq!(long.parse::<WebhookAddress>(), Err(InvalidWebhookAddress::Malformed));
    }

    #[rstest]
    #[case("8.8.8.8", true)]
    #[case("114.114.114.114", true)]
    #[case("100.63.255.255", true)]
    #[case("172.32.0.1", true)]
    #[case("2400:3200::1", true)]
    #[case("::ffff:8.8.8.8", true)]
    #[case("127.0.0.1", false)]
    #[case("0.0.0.0", false)]
    #[case("10.1.2.3", false)]
    #[case("172.16.0.1", false)]
    #[case("192.168.1.1", false)]
    #[case("169.254.169.254", false)]
    #[case("100.64.0.1", false)]
    #[case("198.18.0.1", false)]
    #[case("192.0.0.8", false)]
    #[case("203.0.113.7", false)]
    #[case("224.0.0.1", false)]
    #[case("255.255.255.255", false)]
    #[case("::1", false)]
    #[case("::", false)]
    #[case("::ffff:127.0.0.1", false)]
    #[case("::ffff:169.254.169.254", false)]
    #[case("::127.0.0.1", false)]
    #[case("64:ff9b::7f00:1", false)]
    #[case("fd00::1", false)]
    #[case("fe80::1", false)]
    #[case("fec0::1", false)]
    #[case("ff02::1", false)]
    #[case("2001::1", false)]
    #[case("2001:db8::1", false)]
    #[case("2002:7f00:1::", false)]
    fn what_is_inside_isnt_public(#[case] address: &str, #[case] public: bool) {
        assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
    }
}
