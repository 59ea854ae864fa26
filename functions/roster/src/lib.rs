//! `roster`: class lists of training providers. [`sheet`] reads one, whatever program it came from, row by row.

pub mod sheet;
