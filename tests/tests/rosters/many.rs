//! Ten thousand rows: exact counts, progress, and calls that follow from the rows.

use super::hall::{Hall, counts, course, line, list};
use domain::{
    date::date,
    education::{CHUNK_ROWS, MOST_ROWS, RowOutcome, Unregistered},
};
use roster::Ended;
use std::{
    collections::BTreeSet,
    sync::Mutex,
    time::{Duration, Instant as Stopwatch},
};
use tests::crowd::management_number;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_list_of_ten_thousand_is_recorded_to_the_last_row() {
    let hall = Hall::open().await;
    hall.register_all(0..MOST_ROWS).await;
    let id = hall.hand_in(list((0..MOST_ROWS).map(line))).await;
    let began = Stopwatch::now();
    let seen = Mutex::new(Vec::new());
    let until = Stopwatch::now() + Duration::from_mins(10);
    let ended = hall.worker.work(&id, until, |progress| seen.lock().unwrap().push(progress)).await.unwrap();
    println!("{MOST_ROWS} rows in {:?}", began.elapsed());
    assert_eq!(ended, Ended::Done);

    let roster = hall.roster(&id).await;
    assert_eq!(roster.counts, [(RowOutcome::Recorded, MOST_ROWS)].into());
    assert_eq!(counts(&hall.rows(&id).await), roster.counts);
    assert_eq!(hall.messages().await.len(), MOST_ROWS as usize);
    let seen = seen.into_inner().unwrap();
    let processed: Vec<_> = seen.iter().map(|progress| progress.processed).collect();
    let chunks: Vec<_> = (1..=MOST_ROWS / CHUNK_ROWS).map(|chunk| chunk * CHUNK_ROWS).collect();
    assert_eq!(processed, chunks, "progress a hundred rows at a time");

    let calls = hall.wire.take();
    let count = |operation: &str| calls.iter().filter(|call| call.operation == operation).count();
    let (rows, chunks) = (MOST_ROWS as usize, chunks.len());
    assert_eq!(count("Query"), rows, "a dossier each");
    assert_eq!(count("TransactWriteItems"), rows + chunks + 1, "a commit each, one per chunk, one to begin");
    assert_eq!(count("BatchGetItem"), 2 * chunks, "the course, and whose they are, a hundred at a time");
    assert_eq!(count("GetItem"), 1, "the list");
    assert_eq!(calls.len(), 2 * rows + 3 * chunks + 2, "and nothing else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_ten_thousand_with_every_kind_of_bad_row_has_exact_counts() {
    let hall = Hall::open().await;
    // Each ten rows: one good, and nine that are not.
    let tens = MOST_ROWS / 10;
    hall.register_all(0..3 * tens).await;
    // Their cycle ended before the course.
    hall.register_all_on(date(2023, 6, 1), 3 * tens..4 * tens).await;
    let lines = (0..tens).flat_map(|ten| {
        let [good, other, third, late] = [0, 1, 2, 3].map(|times| times * tens + ten);
        [
            line(good),
            line(good),
            line(late),
            format!("张晓雯,{},6,2026-06-09,2026-06-10", management_number(third)),
            format!("李四,{},6", management_number(other)),
            format!("张晓雯,{},6.5", management_number(third)),
            format!("张晓雯,{},-1", management_number(third)),
            format!("=cmd|'/c calc'!A1,{},6", management_number(third)),
            "张晓雯,2.02510E+15,6".to_owned(),
            line(100_000 + ten),
        ]
    });
    let text = list(lines).replacen("hours", "hours,from,to", 1);
    let id = hall.hand_in(text).await;
    assert_eq!(hall.work(&id).await, Ended::Done);
    let expected = [
        (RowOutcome::Recorded, tens),
        (RowOutcome::AlreadyRecorded, tens),
        (RowOutcome::NameDisagrees, tens),
        (RowOutcome::OverHours, tens),
        (RowOutcome::OutsideCourse, tens),
        (RowOutcome::Refused, tens),
        (RowOutcome::Invalid, 3 * tens),
        (RowOutcome::Waiting, tens),
    ];
    let roster = hall.roster(&id).await;
    assert_eq!(roster.counts, expected.into());
    assert_eq!(roster.processed, MOST_ROWS);
    let rows = hall.rows(&id).await;
    assert_eq!(counts(&rows), expected.into());
    assert!(
        rows.iter().all(|row| (row.outcome == RowOutcome::Recorded) == row.detail.is_none()),
        "each says why"
    );

    // And where nobody is to wait.
    let lines = [line(0), line(200_000), line(200_001)];
    let id = hall.hand_in_of(course(), list(lines), Unregistered::Refuse).await;
    assert_eq!(hall.work(&id).await, Ended::Done);
    let refused = [(RowOutcome::AlreadyRecorded, 1), (RowOutcome::NoSuchHolder, 2)];
    assert_eq!(hall.roster(&id).await.counts, refused.into());
    assert_eq!(counts(&hall.rows(&id).await), refused.into());
    let seen: BTreeSet<_> = expected.into_iter().chain(refused).map(|(outcome, _)| outcome).collect();
    let every = RowOutcome::ALL.into_iter().filter(|outcome| *outcome != RowOutcome::Withdrawn);
    assert_eq!(seen, every.collect(), "every kind but what a provider takes back");
}
