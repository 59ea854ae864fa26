//! Whose users sign in, as configuration lists them: mini-programs with WeChat's secret for each. No error shows a
//! value: secrets are among them.

use common::auth::clients::{are_distinct, is_id};
use std::str::FromStr;

/// A list that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidSettings {
    /// Not `appid:secret,…`.
    #[error("write `appid:secret,appid:secret`: ids of letters, digits, `-` or `_`, each once")]
    MiniPrograms,
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
