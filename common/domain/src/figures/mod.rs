//! Figures for policy (人才队伍规模、结构、分布): what one record adds to them, and what is said of the sums.
//!
//! What a record adds is a pure function of its latest version ([`of_registration`], [`of_application`], [`of_credit`]).
//! So whoever keeps the sums needs to know of each record only what it added last: a newer version takes that off and
//! adds its own, an older or a second one changes nothing, and in whichever order they come the sums end the same.
//!
//! The sums are kept per area and period, one number for each [`Cell`]. The age is kept as the year of birth and made a
//! band when it's read, so that a birthday is no event.

mod cell;
mod contribution;
mod of;
mod report;
mod suppress;

pub use cell::{Cell, Dimension, InvalidCell, Measure, Period, Slice};
pub use contribution::{Contribution, Sums, areas};
pub use of::{of_application, of_credit, of_registration};
pub use report::{
    AgeBand, FigureBreakdown, FigureCategory, FigureRow, FormHours, MonthlyFigures, ReviewTimes, monthly,
    stock,
};
pub use suppress::{SMALL, Shown, suppress};

/// The whole country, where an area is named.
pub const COUNTRY: &str = "CN";

/// The most months that are read at once.
pub const MOST_MONTHS: usize = 36;
