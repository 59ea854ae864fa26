//! Keys that have a form to keep to.

use super::*;

#[test]
fn ids_spread_evenly_over_shards() {
    let mut counts = [0_u32; 8];
    for id in 0..8000 {
        counts[usize::from(shard_of(&format!("application-{id}"), 8))] += 1;
    }
    assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    assert_eq!(shard_of("anything", 0), 0);
}

#[test]
fn a_dossier_sorts_behind_the_day_it_begins() {
    let holder = HolderId::mint(1);
    let day = domain::date::date(2026, 3, 1);
    let application = application(&ApplicationId::mint(&holder, day, 2)).sk;
    let since = day.compact();
    assert!(application >= since && profile(&holder).sk > application);
    assert!(application < day.plus_days(1).compact());
}
