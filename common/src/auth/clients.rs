//! The back ends that may act for their users, and be told of registrations, as configuration lists them. No error shows
//! a value: hashes of secrets are among them.

use crate::crypto::sha256;
use std::str::FromStr;
use subtle::ConstantTimeEq;

/// Not `id:appid:sha256,…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write `id:appid:sha256,…`: ids of letters, digits, `-` or `_`, each once, SHA-256 in 64 hex digits")]
pub struct InvalidServiceClients;

/// True for 1 to 64 letters, digits, `-` or `_`.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// True where no two of `ids` are the same.
pub fn are_distinct<'a>(ids: impl Iterator<Item = &'a str>) -> bool {
    let mut ids: Vec<_> = ids.collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    ids.len() == all
}

/// A mini-program's back end, which acts for the users it has signed in itself.
#[derive(Clone)]
pub struct ServiceClient {
    /// What it calls itself.
    pub id: String,
    /// The mini-program whose users it acts for.
    pub app_id: String,
    /// SHA-256 of its secret, which is random and long: there is nothing to guess that a slow hash would protect.
    secret_hash: [u8; 32],
}

/// The back ends that may act for their users.
#[derive(Clone, Default)]
pub struct ServiceClients(Vec<ServiceClient>);

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
    type Err = InvalidServiceClients;

    fn from_str(text: &str) -> Result<Self, InvalidServiceClients> {
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
        let known: Vec<_> = text.split(',').map(read).collect::<Option<_>>().ok_or(InvalidServiceClients)?;
        if are_distinct(known.iter().map(|known| known.id.as_str())) {
            Ok(Self(known))
        } else {
            Err(InvalidServiceClients)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
