//! The rule sets compiled into the program.

use super::{CalendarError, Contradiction, RuleSet, RuleSetId, WorkingDays};
use crate::district::DistrictCode;

/// Rule sets in the order they're asked: a province's own first, the national one for everywhere else.
const TEXTS: [&str; 2] = [include_str!("../../rules/hubei.toml"), include_str!("../../rules/national.toml")];

/// A rule set can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RuleSetError {
    /// The TOML doesn't parse.
    #[error("rule set doesn't parse: {0}")]
    Syntax(#[from] toml::de::Error),
    /// It contradicts itself.
    #[error("rule set {id} contradicts itself: {contradictions:?}")]
    Contradiction {
        /// The rule set.
        id: String,
        /// Everything that is wrong with it.
        contradictions: Vec<Contradiction>,
    },
    /// The holidays can't be used.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// No rule set holds everywhere else.
    #[error("no rule set holds for districts without rules of their own")]
    NoDefault,
}

/// Every rule set in force, and every version a cycle may still run under.
#[derive(Debug, Clone)]
pub struct RuleLibrary {
    sets: Vec<RuleSet>,
    default: RuleSet,
    calendar: WorkingDays,
}

impl RuleLibrary {
    /// Reads the compiled-in rule sets. A test reads them too, so that a set that can't be used never ships.
    pub fn compiled_in() -> Result<Self, RuleSetError> {
        Self::parse(&TEXTS)
    }

    /// Reads rule sets from their TOML texts. They go by the holidays that are compiled in.
    pub fn parse(texts: &[&str]) -> Result<Self, RuleSetError> {
        Self::with_calendar(texts, WorkingDays::compiled_in()?)
    }

    /// Reads rule sets from their TOML texts; they go by `calendar`.
    pub fn with_calendar(texts: &[&str], calendar: WorkingDays) -> Result<Self, RuleSetError> {
        let mut sets = Vec::with_capacity(texts.len());
        for text in texts {
            let set = RuleSet { calendar: calendar.clone(), ..toml::from_str(text)? };
            let contradictions = set.contradictions();
            if !contradictions.is_empty() {
                return Err(RuleSetError::Contradiction { id: set.id, contradictions });
            }
            sets.push(set);
        }
        let everywhere = sets.iter().filter(|set: &&RuleSet| set.districts.is_empty());
        let default = newest(everywhere).cloned().ok_or(RuleSetError::NoDefault)?;
        Ok(Self { sets, default, calendar })
    }

    /// Which days are worked.
    pub fn calendar(&self) -> &WorkingDays {
        &self.calendar
    }

    /// The rules that hold in `district` today; the national ones where none is named.
    pub fn for_district(&self, district: Option<&DistrictCode>) -> &RuleSet {
        let own = |district| {
            newest(self.sets.iter().filter(|set| !set.districts.is_empty() && set.holds_in(district)))
        };
        district.and_then(own).unwrap_or(&self.default)
    }

    /// A rule set in the version a cycle started under; where that version is no longer carried, the newest of the
    /// same authority.
    pub fn get(&self, key: &RuleSetId) -> &RuleSet {
        let same_authority = || self.sets.iter().filter(|set| set.id == key.id);
        same_authority()
            .find(|set| set.version == key.version)
            .or_else(|| newest(same_authority()))
            .unwrap_or(&self.default)
    }

    /// Every set.
    pub fn iter(&self) -> impl Iterator<Item = &RuleSet> {
        self.sets.iter()
    }
}

/// The newest version among `sets`; versions sort as text.
fn newest<'a>(sets: impl Iterator<Item = &'a RuleSet>) -> Option<&'a RuleSet> {
    sets.max_by(|a, b| a.version.cmp(&b.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_district_has_one_set_of_rules() {
        let library = RuleLibrary::compiled_in().unwrap();
        let rules = |district: &str| library.for_district(Some(&district.parse().unwrap())).id.clone();
        assert_eq!(rules("420106"), "hubei");
        assert_eq!(rules("110105"), "national");
        assert_eq!(library.for_district(None).id, "national");
    }

    #[test]
    fn every_value_names_a_source_that_is_listed() {
        for text in TEXTS {
            let table: toml::Table = toml::from_str(text).unwrap();
            let sources = table["sources"].as_table().unwrap();
            let mut open = vec![&table];
            while let Some(table) = open.pop() {
                for (key, value) in table {
                    match value {
                        toml::Value::Table(inner) => {
                            if let Some(source) = inner.get("source").and_then(toml::Value::as_str) {
                                assert!(sources.contains_key(source), "{key} names unknown source {source}");
                            }
                            open.push(inner);
                        }
                        _ => assert_ne!(key, "", "keys have names"),
                    }
                }
            }
        }
    }
}
