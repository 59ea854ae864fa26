//! A walk: one holder's commands, reviewers' and the system's in any order, while the clock moves by minutes to years.
//! After each accepted change everything that always holds is looked at; a refused one must have changed nothing.
//!
//! The walks are the same in each run. `PROPTEST_CASES=20000` walks farther.

mod invariants;
mod sights;
mod steps;

use invariants::Witness;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{cell::RefCell, collections::BTreeMap};

#[test]
fn whatever_happens_in_whatever_order_what_always_holds_holds() {
    let config = Config { failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let seen = RefCell::new(BTreeMap::<&'static str, usize>::new());
    let walks = (steps::start(), prop::collection::vec(steps::step(), 1..90));
    let outcome = runner.run(&walks, |(start, steps)| {
        let mut witness = Witness::new(start);
        for step in steps {
            steps::take(&mut witness, &step);
        }
        for (sight, count) in witness.seen {
            *seen.borrow_mut().entry(sight).or_default() += count;
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let seen = seen.into_inner();
    let missed: Vec<_> = sights::SIGHTS.into_iter().filter(|sight| !seen.contains_key(sight)).collect();
    assert_eq!(missed, Vec::<&str>::new(), "the walks met {seen:?}");
}
