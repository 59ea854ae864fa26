//! Courses that are withdrawn while somebody's hours of them are on their way.

use super::hall::{Hall, course, line, list};
use domain::education::{RosterState, RowOutcome, RowResult};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant as Stopwatch},
};
use tests::{crowd::holder, wire::Fault};

const REFUSED: (RowOutcome, Option<&str>) = (RowOutcome::Refused, Some("course_withdrawn"));

fn said(row: &RowResult) -> (RowOutcome, Option<&str>) {
    (row.outcome, row.code.as_deref())
}

#[tokio::test]
async fn nothing_is_recorded_of_a_course_that_was_withdrawn_after_the_list_was_made() {
    let hall = Hall::open().await;
    hall.register(0).await;
    let id = hall.hand_in(list([line(0), line(1)])).await;
    hall.withdraw(&course()).await;
    hall.work(&id).await;
    let rows = hall.rows(&id).await;
    assert_eq!(rows.iter().map(said).collect::<Vec<_>>(), [REFUSED, REFUSED]);
    assert_eq!(hall.roster(&id).await.counts, [(RowOutcome::Refused, 2)].into());
    let number = rows[1].management_number.as_ref().unwrap();
    assert_eq!((hall.credits(0).await, hall.store.waiting_rows(number).await.unwrap()), (vec![], vec![]));
}

#[tokio::test]
async fn nothing_is_recorded_of_a_course_that_is_gone() {
    let hall = Hall::open().await;
    hall.register(0).await;
    let id = hall.hand_in(list([line(0)])).await;
    hall.lose(format!("COURSE#{}", course().id), "COURSE").await;
    hall.work(&id).await;
    assert_eq!((said(&hall.row(&id, 1).await), hall.credits(0).await), (REFUSED, vec![]));
}

#[tokio::test]
async fn hours_that_waited_are_dropped_with_their_course_and_the_row_says_so() {
    let hall = Hall::open().await;
    let id = hall.hand_in(list([line(1)])).await;
    hall.work(&id).await;
    assert_eq!(hall.row(&id, 1).await.outcome, RowOutcome::Waiting);
    hall.withdraw(&course()).await;
    hall.register(1).await;
    hall.worker.credit_waiting(&holder(1)).await.unwrap();
    let row = hall.row(&id, 1).await;
    assert_eq!((said(&row), hall.credits(1).await), (REFUSED, vec![]));
    assert_eq!(hall.roster(&id).await.counts, [(RowOutcome::Refused, 1)].into());
    let number = row.management_number.unwrap();
    assert_eq!(hall.store.waiting_rows(&number).await.unwrap(), [], "it waits no more");
}

#[tokio::test]
async fn a_row_that_was_recorded_before_its_course_was_withdrawn_says_that_it_was() {
    let hall = Hall::open().await;
    hall.register(0).await;
    let id = hall.hand_in(list([line(0)])).await;
    // The worker dies after the row's commit, and before it has written what became of it.
    let commits = AtomicU32::new(0);
    hall.wire.trouble(move |call| {
        let commit = u32::from(call.operation == "TransactWriteItems");
        (commits.fetch_add(commit, Ordering::Relaxed) + commit > 2).then(Fault::refuse)
    });
    let until = Stopwatch::now() + Duration::from_mins(5);
    assert!(hall.worker.work(&id, until, |_| {}).await.is_err());
    hall.wire.mend();
    assert_eq!((hall.credits(0).await.len(), hall.roster(&id).await.state), (1, RosterState::Processing));
    hall.withdraw(&course()).await;
    hall.pass(61);
    hall.work(&id).await;
    let row = hall.row(&id, 1).await;
    assert_eq!(
        (said(&row), row.credit.clone()),
        ((RowOutcome::Recorded, None), Some(hall.credits(0).await[0].id.clone()))
    );
}
