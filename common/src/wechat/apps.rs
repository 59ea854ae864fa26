//! Whose users sign in and are written to, as configuration lists them: mini-programs with WeChat's secret for each. No
//! error shows a value: secrets are among them.

use crate::auth::clients::{are_distinct, is_id};
use std::str::FromStr;

/// Not `appid:secret,…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write `appid:secret,appid:secret`: ids of letters, digits, `-` or `_`, each once")]
pub struct InvalidMiniPrograms;

/// A mini-program.
pub struct MiniProgram {
    /// WeChat's id for it.
    pub app_id: String,
    /// WeChat's secret for it.
    pub secret: String,
}

/// The mini-programs that are ours; at least one.
pub struct MiniPrograms(Vec<MiniProgram>);

impl MiniPrograms {
    /// The one called `app_id`; the first where none is named.
    pub fn find(&self, app_id: Option<&str>) -> Option<&MiniProgram> {
        self.0.iter().find(|known| app_id.is_none_or(|app_id| known.app_id == app_id))
    }
}

impl FromStr for MiniPrograms {
    type Err = InvalidMiniPrograms;

    fn from_str(text: &str) -> Result<Self, InvalidMiniPrograms> {
        let read = |entry: &str| {
            let (app_id, secret) = entry.trim().split_once(':')?;
            (is_id(app_id) && !secret.is_empty())
                .then(|| MiniProgram { app_id: app_id.to_owned(), secret: secret.to_owned() })
        };
        let known: Vec<_> = text.split(',').map(read).collect::<Option<_>>().ok_or(InvalidMiniPrograms)?;
        if are_distinct(known.iter().map(|known| known.app_id.as_str())) {
            Ok(Self(known))
        } else {
            Err(InvalidMiniPrograms)
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
}
