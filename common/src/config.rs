//! Configuration from environment variables. Whatever is missing or malformed is named, with what it's for.

use std::{collections::HashMap, fmt::Display, str::FromStr, sync::Arc};

/// A configuration value is missing or can't be used. The text names the variable and never shows its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A variable that must be set isn't.
    #[error("environment variable {name} is not set; it holds {purpose}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it holds.
        purpose: &'static str,
    },
    /// A variable can't be read.
    #[error("environment variable {name} can't be used ({why}); it holds {purpose}")]
    Malformed {
        /// The variable.
        name: &'static str,
        /// What it holds.
        purpose: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A part that the configuration describes can't be made.
    #[error("{0}")]
    Unusable(String),
}

/// Where variables are read from: the process's environment, or a map that the local runner and tests fill.
#[derive(Clone)]
pub struct Env(Source);

#[derive(Clone)]
enum Source {
    Process,
    Map(Arc<HashMap<String, String>>),
}

impl Env {
    /// The process's environment.
    pub fn process() -> Self {
        Self(Source::Process)
    }

    /// The given variables and no others.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(Source::Map(Arc::new(variables.into_iter().collect())))
    }

    /// A variable's value; an empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = match &self.0 {
            Source::Process => std::env::var(name).ok(),
            Source::Map(map) => map.get(name).cloned(),
        };
        value.filter(|value| !value.is_empty())
    }

    /// A variable that must be set.
    pub fn required(&self, name: &'static str, purpose: &'static str) -> Result<String, ConfigError> {
        self.get(name).ok_or(ConfigError::Missing { name, purpose })
    }

    /// A variable that must be set and be a `T`.
    pub fn parsed<T>(&self, name: &'static str, purpose: &'static str) -> Result<T, ConfigError>
    where
        T: FromStr,
        T::Err: Display,
    {
        parse(name, purpose, &self.required(name, purpose)?)
    }

    /// A variable that is a `T` where it's set, and `default` where it isn't.
    pub fn or<T>(&self, name: &'static str, purpose: &'static str, default: T) -> Result<T, ConfigError>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.get(name).map_or(Ok(default), |value| parse(name, purpose, &value))
    }
}

fn parse<T>(name: &'static str, purpose: &'static str, value: &str) -> Result<T, ConfigError>
where
    T: FromStr,
    T::Err: Display,
{
    value.trim().parse().map_err(|error: T::Err| ConfigError::Malformed {
        name,
        purpose,
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_malformed_is_named_and_never_shown() {
        let env = Env::of([("A".to_owned(), "secret".to_owned()), ("B".to_owned(), String::new())]);
        let missing = env.required("B", "the table's name").unwrap_err();
        assert_eq!(missing.to_string(), "environment variable B is not set; it holds the table's name");
        let malformed = env.parsed::<u32>("A", "minutes").unwrap_err().to_string();
        assert!(malformed.contains("variable A") && !malformed.contains("secret"), "{malformed}");
        assert_eq!(env.or("C", "minutes", 7_u32), Ok(7));
    }
}
