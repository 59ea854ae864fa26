//! What one record adds, and sums of it.

use super::{
    COUNTRY,
    cell::{Cell, Measure, Period, Slice},
};
use crate::district::DistrictCode;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

/// What one record adds to the figures: each of its counts to the total and to each of its categories, in each of the areas
/// that its district lies in. Written down as it was counted, so that it can be taken off again by a release that counts
/// in another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// Where.
    pub district: DistrictCode,
    /// Of whom: the record's category in each dimension that it's broken down by.
    #[serde(default)]
    pub slices: BTreeSet<Slice>,
    /// How much of what, by period.
    #[serde(default)]
    pub counts: BTreeMap<Period, BTreeMap<Measure, i64>>,
}

/// The areas that `district` lies in: the country, province, city and county.
pub fn areas(district: &DistrictCode) -> [String; 4] {
    let prefix = |digits| district.prefix(digits).to_owned();
    [COUNTRY.to_owned(), prefix(2), prefix(4), prefix(6)]
}

impl Contribution {
    /// Nothing yet, of a record in `district` with these categories.
    pub fn new(district: &DistrictCode, slices: impl IntoIterator<Item = Slice>) -> Self {
        Self { district: district.clone(), slices: slices.into_iter().collect(), counts: BTreeMap::new() }
    }

    /// Adds `count` of `measure` in `period`.
    pub fn add(&mut self, period: Period, measure: Measure, count: i64) {
        *self.counts.entry(period).or_default().entry(measure).or_default() += count;
    }

    /// Its numbers, cell by cell.
    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        sums.apply(self, 1);
        sums
    }
}

/// Numbers by area and period, cell by cell; a zero isn't there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums(pub BTreeMap<(String, Period), BTreeMap<Cell, i64>>);

impl Sums {
    /// What changes where a record that added `before` now adds `after`.
    pub fn between(before: Option<&Contribution>, after: &Contribution) -> Self {
        let mut sums = Self::default();
        if let Some(before) = before {
            sums.apply(before, -1);
        }
        sums.apply(after, 1);
        sums
    }

    /// Adds what `contribution` adds, `times` over.
    fn apply(&mut self, contribution: &Contribution, times: i64) {
        for area in areas(&contribution.district) {
            for (period, counts) in &contribution.counts {
                let sums = self.0.entry((area.clone(), *period)).or_default();
                for (measure, count) in counts {
                    let slices = std::iter::once(&Slice::TOTAL).chain(&contribution.slices);
                    for slice in slices {
                        add(sums, Cell { measure: *measure, slice: slice.clone() }, count * times);
                    }
                }
            }
        }
        self.0.retain(|_, cells| !cells.is_empty());
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: Self) {
        for (key, cells) in other.0 {
            let sums = self.0.entry(key).or_default();
            for (cell, count) in cells {
                add(sums, cell, count);
            }
        }
        self.0.retain(|_, cells| !cells.is_empty());
    }
}

/// Adds `count` to a cell; one that comes to zero isn't there any more.
fn add(sums: &mut BTreeMap<Cell, i64>, cell: Cell, count: i64) {
    match sums.entry(cell) {
        Entry::Vacant(cell) if count != 0 => {
            cell.insert(count);
        }
        Entry::Vacant(_) => {}
        Entry::Occupied(mut sum) => {
            *sum.get_mut() += count;
            if *sum.get() == 0 {
                sum.remove();
            }
        }
    }
}
