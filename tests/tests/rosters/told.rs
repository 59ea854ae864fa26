//! What the table's stream tells: registrations and lists in one batch.

use super::hall::{Hall, line, list};
use domain::{
    education::{RosterState, RowOutcome},
    id::RosterId,
};
use roster::Call;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use tests::crowd::holder;

fn told(pk: &str, sk: &str, state: &str) -> Value {
    json!({
        "eventID": "1", "eventName": "INSERT", "awsRegion": "any",
        "dynamodb": {
            "SizeBytes": 0, "SequenceNumber": "1",
            "Keys": { "pk": { "S": pk }, "sk": { "S": sk } },
            "NewImage": { "state": { "S": state } },
        },
    })
}

/// A batch: a list that is queued, and then that somebody was registered.
fn batch(id: &RosterId, person: u32) -> Call {
    let list = told(&format!("PROVIDER#{}", id.provider()), &format!("ROSTER#20260611#{id}"), "queued");
    let registered = told(&format!("HOLDER#{}", holder(person)), "~REGISTRATION#1", "active");
    serde_json::from_value(json!({ "Records": [list, registered] })).unwrap()
}

async fn hall_where_one_waits() -> Hall {
    let hall = Hall::open().await;
    let waits = hall.hand_in(list([line(1)])).await;
    hall.work(&waits).await;
    hall.register(1).await;
    hall.wire.take();
    hall
}

#[tokio::test]
async fn who_registers_does_not_wait_for_the_lists_before_them() {
    let hall = hall_where_one_waits().await;
    let id = hall.hand_in(list([line(2)])).await;
    let deadline = SystemTime::now() + Duration::from_mins(15);
    let answer = hall.worker.handle(batch(&id, 1), deadline).await.unwrap();
    assert!(answer.batch_item_failures.is_empty());
    let calls = hall.wire.take();
    let first = |key: &str| calls.iter().position(|call| call.keys.iter().any(|it| it.starts_with(key)));
    assert!(first(&format!("HOLDER#{}", holder(1))).unwrap() < first("PROVIDER#").unwrap(), "{calls:?}");
    assert_eq!((hall.credits(1).await.len(), hall.roster(&id).await.state), (1, RosterState::Done));
}

#[tokio::test]
async fn a_list_that_time_does_not_suffice_for_is_left_to_the_sweep() {
    let hall = hall_where_one_waits().await;
    let id = hall.hand_in(list([line(2)])).await;
    let queued = hall.roster(&id).await;
    hall.worker.handle(batch(&id, 1), SystemTime::now()).await.unwrap();
    assert_eq!((hall.credits(1).await.len(), hall.roster(&id).await), (1, queued), "it isn't touched");
    let deadline = SystemTime::now() + Duration::from_mins(15);
    let sweep = serde_json::from_value(json!({ "job": "sweep" })).unwrap();
    hall.worker.handle(sweep, deadline).await.unwrap();
    assert_eq!(hall.row(&id, 1).await.outcome, RowOutcome::Waiting);
}
