//! Hours of people who aren't registered yet: they wait, and are credited when they are.

use super::hall::{Hall, counts, course, line, list};
use domain::{
    credit::{Course, CreditState},
    education::{RowOutcome, Unregistered},
    id::CourseId,
};
use roster::Ended;
use std::time::{Duration, Instant as Stopwatch};
use tests::crowd::{holder, management_number};

#[tokio::test]
async fn who_registers_later_has_the_hours_that_waited() {
    let hall = Hall::open().await;
    hall.register(0).await;
    let id = hall.hand_in(list([line(0), line(1)])).await;
    hall.work(&id).await;
    assert_eq!(hall.roster(&id).await.counts, [(RowOutcome::Recorded, 1), (RowOutcome::Waiting, 1)].into());
    let waiting = hall.row(&id, 2).await;
    assert_eq!((waiting.outcome, waiting.credit), (RowOutcome::Waiting, None));

    hall.register(1).await;
    hall.worker.credit_waiting(&holder(1)).await.unwrap();
    let credits = hall.credits(1).await;
    assert_eq!((credits.len(), credits[0].state), (1, CreditState::Recorded));
    let row = hall.row(&id, 2).await;
    assert_eq!((row.outcome, row.credit.as_ref()), (RowOutcome::Recorded, Some(&credits[0].id)));
    assert_eq!(hall.roster(&id).await.counts, [(RowOutcome::Recorded, 2)].into());
    assert_eq!(counts(&hall.rows(&id).await), hall.roster(&id).await.counts);

    // The stream may tell of it again.
    hall.worker.credit_waiting(&holder(1)).await.unwrap();
    assert_eq!((hall.credits(1).await.len(), hall.messages().await.len()), (1, 2));
}

#[tokio::test]
async fn hours_of_several_courses_wait_side_by_side() {
    let hall = Hall::open().await;
    for entropy in [11, 12, 13] {
        let other = Course { id: CourseId::mint(entropy), ..course() };
        let id = hall.hand_in_of(other, list([line(1)]), Unregistered::Wait).await;
        hall.work(&id).await;
    }
    hall.register(1).await;
    hall.worker.credit_waiting(&holder(1)).await.unwrap();
    assert_eq!(hall.credits(1).await.len(), 3);
}

#[tokio::test]
async fn one_course_waits_once_for_one_person() {
    let hall = Hall::open().await;
    let first = hall.hand_in(list([line(1), line(1)])).await;
    hall.work(&first).await;
    let second = hall.hand_in(list([line(1)])).await;
    hall.work(&second).await;
    let outcomes: Vec<_> = hall.rows(&first).await.into_iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [RowOutcome::Waiting, RowOutcome::AlreadyRecorded]);
    let row = hall.row(&second, 1).await;
    assert_eq!((row.outcome, row.code.as_deref()), (RowOutcome::AlreadyRecorded, Some("already_waiting")));
}

#[tokio::test]
async fn two_names_under_one_number_are_not_taken_for_one_person() {
    let hall = Hall::open().await;
    let (first, other) = (line(1), format!("李四,{},6", management_number(1)));
    let four = format!("张晓雯,{},4", management_number(1));
    let id = hall.hand_in(list([first, other, four])).await;
    hall.work(&id).await;
    let rows = hall.rows(&id).await;
    assert_eq!(rows[0].outcome, RowOutcome::Waiting);
    assert_eq!((rows[1].outcome, rows[1].code.as_deref()), (RowOutcome::NameDisagrees, Some("two_names")));
    assert_eq!(rows[1].detail.as_deref(), Some("同一管理号出现了两个姓名，请核对管理号"));
    assert_eq!((rows[2].outcome, rows[2].hours), (RowOutcome::AlreadyRecorded, rows[0].hours));
    let said = "该学员的这门课程已有 6 学时待登记后计入，见本名单第 1 行；本行的 4 学时未采用";
    assert_eq!(rows[2].detail.as_deref(), Some(said));
}

#[tokio::test]
async fn what_waited_under_another_name_is_not_credited_and_the_row_says_so() {
    let hall = Hall::open().await;
    let id = hall.hand_in(list([format!("李四,{},6", management_number(1))])).await;
    hall.work(&id).await;
    hall.register(1).await;
    hall.worker.credit_waiting(&holder(1)).await.unwrap();
    assert_eq!(hall.credits(1).await, []);
    assert_eq!(hall.row(&id, 1).await.outcome, RowOutcome::NameDisagrees);
    assert_eq!(hall.roster(&id).await.counts, [(RowOutcome::NameDisagrees, 1)].into());
    let number = hall.row(&id, 1).await.management_number.unwrap();
    assert_eq!(hall.store.waiting_rows(&number).await.unwrap(), [], "it waits no more");
}

#[tokio::test]
async fn hours_over_the_course_do_not_wait_to_be_refused_later() {
    let hall = Hall::open().await;
    let id = hall.hand_in(list([format!("张晓雯,{},60", management_number(1))])).await;
    hall.work(&id).await;
    assert_eq!(hall.row(&id, 1).await.outcome, RowOutcome::OverHours);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_registers_while_the_list_is_gone_through_is_not_forgotten() {
    let hall = Hall::open().await;
    let id = hall.hand_in(list([line(1)])).await;
    // The worker has looked and found nobody; the row isn't kept yet.
    let (about_to_keep, reached) = std::sync::mpsc::channel();
    let (go_on, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    hall.wire.trouble(move |call| {
        if call.operation == "PutItem" && call.keys.iter().any(|key| key.starts_with("WAITING#")) {
            about_to_keep.send(()).unwrap();
            held.lock().unwrap().recv().unwrap();
        }
        None
    });
    let worker = hall.worker.clone();
    let list = id.clone();
    let run = tokio::spawn(async move {
        worker.work(&list, Stopwatch::now() + Duration::from_mins(1), |_| {}).await.unwrap()
    });
    tokio::task::spawn_blocking(move || reached.recv().unwrap()).await.unwrap();
    // The registration comes now, and the stream tells of it before anything waits.
    hall.register(1).await;
    let number = hall.store.rules().for_district(None).management_number(&management_number(1)).unwrap();
    assert_eq!(hall.store.waiting_rows(&number).await.unwrap(), []);
    go_on.send(()).unwrap();
    assert_eq!(run.await.unwrap(), Ended::Done);
    assert_eq!(hall.credits(1).await.len(), 1);
    assert_eq!(hall.row(&id, 1).await.outcome, RowOutcome::Recorded);
    assert_eq!(hall.store.waiting_rows(&number).await.unwrap(), [], "it waits no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_row_that_is_taken_back_while_it_is_credited_is_credited_to_nobody() {
    let hall = Hall::open().await;
    let id = hall.hand_in(list([line(1)])).await;
    hall.work(&id).await;
    hall.register(1).await;
    // The worker has decided; the provider takes the row back before it writes.
    let (about_to_write, reached) = std::sync::mpsc::channel();
    let (go_on, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let first = std::sync::atomic::AtomicBool::new(true);
    hall.wire.trouble(move |call| {
        let writes = call.operation == "TransactWriteItems";
        if writes && first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            about_to_write.send(()).unwrap();
            held.lock().unwrap().recv().unwrap();
        }
        None
    });
    let worker = hall.worker.clone();
    let run = tokio::spawn(async move { worker.credit_waiting(&holder(1)).await });
    tokio::task::spawn_blocking(move || reached.recv().unwrap()).await.unwrap();
    hall.take_back(&id, 1).await;
    go_on.send(()).unwrap();
    run.await.unwrap().unwrap();
    assert_eq!(hall.credits(1).await, []);
    assert_eq!(hall.row(&id, 1).await.outcome, RowOutcome::Withdrawn);
    assert_eq!(hall.messages().await, [""; 0], "nobody is told of hours that aren't there");
}
