//! `verify-journal` as an operator runs it on a deployed table: what it finds, and what it needs the right to do.

use crate::journal::Intruder;
use common::{config::Env, store::ChainFault};
use domain::registration::RegistrationNumber;
use local::{audit, operator};
use std::collections::BTreeSet;
use tests::{START, World, bare, nobodys_number};

/// A world over a wire with two registrations, and their numbers.
async fn two_registrations() -> (World, tests::wire::Wire, [RegistrationNumber; 2]) {
    let (world, wire) = World::wired(START).await;
    let numbers = [world.holder("zhang").await.register(1).await, world.holder("li").await.register(2).await];
    let numbers = numbers.map(|number| number.parse().unwrap());
    (world, wire, numbers)
}

#[tokio::test]
async fn every_journal_of_a_deployed_table_is_checked_by_reading_alone() {
    let (world, wire, numbers) = two_registrations().await;
    let store = operator::store(&world.system.env, &bare::parts(&wire.url())).unwrap();
    let whole = audit::check(&store, &[]).await.unwrap();
    assert_eq!((whole.journals, whole.broken.len()), (2, 0));
    audit::tell(&whole).unwrap();
    assert_eq!(audit::check(&store, &numbers[..1]).await.unwrap().journals, 1);
    let calls = wire.take();
    // The system's own calls go on beside it, each signed by a function's name.
    let own = calls.iter().filter(|call| call.caller == "AKIDTEST");
    let operations: BTreeSet<_> = own.map(|call| call.operation.as_str()).collect();
    assert_eq!(operations, ["DescribeTable", "GetItem", "Query", "Scan"].into());

    // Somebody goes past the system.
    let intruder = Intruder::of(&world);
    let entries = intruder.journal(numbers[1].as_str()).await;
    intruder.remove(&entries[0]).await;
    for named in [&numbers[..0], &numbers[1..]] {
        let found = audit::check(&store, named).await.unwrap();
        assert_eq!(found.broken, [(numbers[1].clone(), vec![ChainFault::Missing(1, 1)])]);
        let told = audit::tell(&found).unwrap_err().to_string();
        assert!(told.contains("1 件登记的日志不完整或被改动"), "{told}");
    }
    assert_eq!(audit::check(&store, &numbers[..1]).await.unwrap().broken, [], "the other is whole");
}

#[tokio::test]
async fn a_number_that_nobody_has_and_a_table_that_isnt_named_are_told() {
    let (world, wire, _) = two_registrations().await;
    let parts = bare::parts(&wire.url());
    let store = operator::store(&world.system.env, &parts).unwrap();
    let unknown = audit::check(&store, &[nobodys_number().parse().unwrap()]).await.unwrap_err();
    assert!(unknown.to_string().contains(&format!("没有登记号 {}", nobodys_number())), "{unknown}");
    let Err(error) = operator::store(&Env::of([]), &parts) else { panic!("it needs a table") };
    assert!(error.to_string().contains("TABLE_NAME"), "{error}");
}
