//! How an activity becomes hours: as attended, so many each, by a table, or a degree once.

use super::{Activity, Hours, JournalClass};
use serde::Deserialize;

/// How a form of education converts to hours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Conversion {
    /// As attended (按实际参加的学时).
    Attended,
    /// As claimed, where the source says "by a standard" and no standard was found: whoever reviews decides.
    Claimed,
    /// So many hours for each: a book, a project.
    Each {
        /// Hours.
        hours: Hours,
    },
    /// By the first row, from the most hours down, that the activity meets.
    Table {
        /// The rows.
        rows: Vec<ConversionRow>,
    },
    /// So many hours for a degree that was awarded, once; until then taught hours of passed courses.
    Degree {
        /// Hours of the degree.
        hours: Hours,
    },
}

/// A row of a conversion table: what it asks of the activity and what it gives.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversionRow {
    /// The class of journal; any where none is named.
    #[serde(default)]
    pub journal_class: Option<JournalClass>,
    /// Least length in characters.
    #[serde(default)]
    pub min_words: u32,
    /// Least length in pages.
    #[serde(default)]
    pub min_pages: u32,
    /// Hours.
    pub hours: Hours,
}

impl ConversionRow {
    fn is_met(&self, activity: &Activity) -> bool {
        let particulars = &activity.particulars;
        self.journal_class.is_none_or(|class| particulars.journal_class == Some(class))
            && particulars.words.unwrap_or(0) >= self.min_words
            && particulars.pages.unwrap_or(0) >= self.min_pages
    }
}

/// What a conversion gives for an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    /// As many hours as were done.
    AsDone,
    /// Exactly so many, however many were spent.
    Fixed(Hours),
    /// The table has no row for it.
    None,
}

impl Worth {
    /// `hours`, as far as the conversion reaches.
    pub fn limit(self, hours: Hours) -> Hours {
        match self {
            Self::AsDone => hours,
            Self::Fixed(fixed) => hours.min(fixed),
            Self::None => Hours::ZERO,
        }
    }
}

impl Conversion {
    /// What `activity` is worth.
    pub(crate) fn worth(&self, activity: &Activity) -> Worth {
        match self {
            Self::Each { hours } => Worth::Fixed(*hours),
            Self::Table { rows } => rows
                .iter()
                .filter(|row| row.is_met(activity))
                .map(|row| row.hours)
                .max()
                .map_or(Worth::None, Worth::Fixed),
            Self::Degree { hours } if activity.particulars.degree_awarded => Worth::Fixed(*hours),
            Self::Attended | Self::Claimed | Self::Degree { .. } => Worth::AsDone,
        }
    }
}
