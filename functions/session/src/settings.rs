//! Whose users sign in, as configuration lists them: mini-programs with WeChat's secret for each, and the back ends that
//! act for their users. No error shows a value: secrets are among them.

use common::crypto::sha256;
use std::str::FromStr;
use subtle::ConstantTimeEq;

/// A list that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidSettings {
    /// Not `appid:secret,…`.
    #[error("write `appid:secret,appid:secret`: ids of letters, digits, `-` or `_`, each once")]
    MiniPrograms,
    /// Not `id:appid:sha256,…`.
    #[error(
        "write `id:appid:sha256,…`: ids of letters, digits, `-` or `_`, each once, SHA-256 in 64 hex digits"
    )]
    ServiceClients,
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// True where no two of `ids` are the same.
fn are_distinct<'a>(ids: impl Iterator<Item = &'a str>) -> bool {
    let mut ids: Vec<_> = ids.collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    ids.len() == all
}

/// A mini-program.
pub(crate) struct MiniProgram {
    /// WeChat's id for it.
    pub app_id: String,
    /// WeChat's secret for it.
    pub secret: String,
}

/// The mini-programs whose users sign in; at least one.
pub(crate) struct MiniPrograms(Vec<MiniProgram>);

impl MiniPrograms {
    /// The one called `app_id`; the first where none is named.
    pub fn find(&self, app_id: Option<&str>) -> Option<&MiniProgram> {
        self.0.iter().find(|known| app_id.is_none_or(|app_id| known.app_id == app_id))
    }
}

impl FromStr for MiniPrograms {
    type Err = InvalidSettings;

    fn from_str(text: &str) -> Result<Self, InvalidSettings> {
        let read = |entry: &str| {
            let (app_id, secret) = entry.trim().split_once(':')?;
            (is_id(app_id) && !secret.is_empty())
                .then(|| MiniProgram { app_id: app_id.to_owned(), secret: secret.to_owned() })
        };
        let known: Vec<_> =
            text.split(',').map(read).collect::<Option<_>>().ok_or(InvalidSettings::MiniPrograms)?;
        if are_distinct(known.iter().map(|known| known.app_id.as_str())) {
            Ok(Self(known))
        } else {
            Err(InvalidSettings::MiniPrograms)
        }
    }
}

/// A mini-program's back end, which acts for the users it has signed in itself.
pub(crate) struct ServiceClient {
    /// What it calls itself.
    pub id: String,
    /// The mini-program whose users it acts for.
    pub app_id: String,
    /// SHA-256 of its secret, which is random and long: there is nothing to guess that a slow hash would protect.
    secret_hash: [u8; 32],
}

/// The back ends that may act for their users.
#[derive(Default)]
pub(crate) struct ServiceClients(Vec<ServiceClient>);

impl ServiceClients {
    /// The client `id`, where `secret` is its own. The comparison takes the same time whatever it is, and also where
    /// there is no such client.
    pub fn authenticate(&self, id: &str, secret: &str) -> Option<&ServiceClient> {
        let client = self.find(id);
        let expected = client.map_or([0; 32], |client| client.secret_hash);
        let same: bool = sha256(secret.as_bytes()).ct_eq(&expected).into();
        client.filter(|_| same)
    }

    /// The client `id`.
    pub fn find(&self, id: &str) -> Option<&ServiceClient> {
        self.0.iter().find(|known| known.id == id)
    }
}

impl FromStr for ServiceClients {
    type Err = InvalidSettings;

    fn from_str(text: &str) -> Result<Self, InvalidSettings> {
        let read = |entry: &str| {
            let mut parts = entry.trim().split(':');
            let (id, app_id, hash) = (parts.next()?, parts.next()?, parts.next()?);
            let secret_hash = hex::decode(hash).ok()?.try_into().ok()?;
            (is_id(id) && is_id(app_id) && parts.next().is_none()).then(|| ServiceClient {
                id: id.to_owned(),
                app_id: app_id.to_owned(),
                secret_hash,
            })
        };
        let known: Vec<_> =
            text.split(',').map(read).collect::<Option<_>>().ok_or(InvalidSettings::ServiceClients)?;
        if are_distinct(known.iter().map(|known| known.id.as_str())) {
            Ok(Self(known))
        } else {
            Err(InvalidSettings::ServiceClients)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mini_program_is_the_default() {
        let known: MiniPrograms = "wx1:s:1, wx2:s2".parse().unwrap();
        assert_eq!(known.find(None).unwrap().app_id, "wx1");
        assert_eq!(known.find(None).unwrap().secret, "s:1", "only the first colon parts the two");
        assert_eq!(known.find(Some("wx2")).unwrap().secret, "s2");
        assert!(known.find(Some("wx3")).is_none());
        for text in ["", "wx1", "wx1:", ":s", "wx#1:s", "wx1:a,", "wx1:a,wx1:b"] {
            assert!(text.parse::<MiniPrograms>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_client_is_known_by_its_own_secret_only() {
        let hash = |secret: &str| hex::encode(sha256(secret.as_bytes()));
        let known: ServiceClients =
            format!("a:wx1:{}, b:wx2:{}", hash("for a"), hash("for b")).parse().unwrap();
        assert_eq!(known.authenticate("b", "for b").unwrap().app_id, "wx2");
        for (id, secret) in [("a", "for b"), ("b", "for a"), ("b", ""), ("c", "for a"), ("", "")] {
            assert!(known.authenticate(id, secret).is_none(), "{id} {secret}");
        }
        assert!(ServiceClients::default().authenticate("a", "for a").is_none());
        let good = hash("x");
        for text in [
            String::new(),
            format!("a:{good}"),
            format!("a:wx1:{}", &good[1..]),
            format!("a:wx1:{good}:more"),
            format!("a:wx#1:{good}"),
            format!("a:wx1:{good},a:wx2:{good}"),
        ] {
            assert!(text.parse::<ServiceClients>().is_err(), "{text}");
        }
    }
}
