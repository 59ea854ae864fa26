//! Addresses of services that we call. HTTPS everywhere; plain HTTP only to this machine, where the embedded services
//! and emulators listen.

use http::Uri;
use std::{fmt, net::IpAddr, str::FromStr};

/// The text isn't such an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an endpoint must be `https://host[:port]`, or `http://` for this machine, without path, query or user"
)]
pub struct InvalidEndpoint;

impl InvalidEndpoint {
    /// Stable name for logs.
    pub fn code(&self) -> &'static str {
        "endpoint_invalid"
    }
}

/// `scheme://host[:port]`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        let uri: Uri = text.trim().parse().map_err(|_| InvalidEndpoint)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidEndpoint);
        };
        let safe = match scheme {
            "https" => true,
            "http" => is_this_machine(authority.host()),
            _ => false,
        };
        let bare =
            matches!(uri.path(), "" | "/") && uri.query().is_none() && !authority.as_str().contains('@');
        if safe && bare { Ok(Self(format!("{scheme}://{authority}"))) } else { Err(InvalidEndpoint) }
    }
}

/// Loopback addresses and the names that stand for them; LocalStack hands its functions the last one.
fn is_this_machine(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_name =
        |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        || is_name("localhost")
        || is_name("localhost.localstack.cloud")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_goes_anywhere_and_http_to_this_machine_only() {
        for (text, kept) in [
            ("https://dynamodb.cn-north-1.amazonaws.com.cn", "https://dynamodb.cn-north-1.amazonaws.com.cn"),
            ("https://api.weixin.qq.com/", "https://api.weixin.qq.com"),
            ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
            ("http://127.8.8.8", "http://127.8.8.8"),
            ("http://[::1]:80/", "http://[::1]:80"),
            ("http://localhost:8000", "http://localhost:8000"),
            ("http://s3.localhost.localstack.cloud:4566", "http://s3.localhost.localstack.cloud:4566"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().as_str(), kept);
        }
        for text in [
            "",
            "127.0.0.1:4566",
            "http://10.0.0.1",
            "http://example.com",
            "http://notlocalhost",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com",
            "https://user:secret@example.com",
            "https://example.com/path",
            "https://example.com/?x=1",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
        ] {
            assert_eq!(text.parse::<Endpoint>(), Err(InvalidEndpoint), "{text}");
        }
    }
}
