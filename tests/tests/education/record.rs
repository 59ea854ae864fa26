//! A record of continuing education in the store: written with its journal entry and its letter in one transaction, read
//! back with the rest of what its holder has.

use common::store::Lost;
use domain::{
    actor::{Reviewer, Role},
    application::JournalAction,
    attachment::{ContentType, Inspection},
    credit::{Activity, CreditCategory, CreditForm, CreditState, EvidenceKind, Hours, Particulars, assess},
    date::date,
    education::{self, ClaimInput, EvidenceRequest},
    id::{AttachmentId, CreditId, HolderId, StaffId},
};
use tests::World;

/// Six hours of a seminar on ethics.
fn seminar() -> ClaimInput {
    let day = date(2026, 6, 1);
    let activity = Activity {
        form: CreditForm::Seminar,
        category: CreditCategory::Ethics,
        title: "社会工作伦理研讨会".parse().unwrap(),
        provider: Some("武汉市社会工作联合会".parse().unwrap()),
        course: None,
        done_from: day,
        done_to: day,
        particulars: Particulars::default(),
    };
    ClaimInput { activity, hours: Some(Hours::from_tenths(60)), unit: None, course: None, registration: None }
}

/// A certificate of a record, as announced and as it arrives.
fn certificate(credit: &CreditId) -> (EvidenceRequest, Inspection) {
    let request = EvidenceRequest {
        id: AttachmentId::of_evidence(credit, 1),
        kind: EvidenceKind::CompletionCertificate,
        file_name: "结业证书.pdf".to_owned(),
        content_type: ContentType::Pdf,
        size: 20_000,
        sha256: None,
    };
    (request, Inspection { size: 20_000, head: b"%PDF-1.7".to_vec(), sha256: "ab".repeat(32) })
}

#[tokio::test]
async fn a_claim_is_kept_with_its_journal_and_what_is_decided_on_it_is_told() {
    let world = World::new().await;
    let person = world.holder("zhang").await;
    person.register(1).await;
    let holder: HolderId = person.get("/v1/me").await.text("/holder_id").parse().unwrap();
    world.put("2026-06-10T10:00:00+08:00");
    let (store, rules, now) = (&world.system.app.store, &world.system.app.rules, world.now());
    let mails = world.mails().await.len();

    let dossier = store.dossier(&holder, now).await.unwrap();
    let mint = |start| CreditId::mint(&holder, start, 7);
    let drafted = education::claim(&dossier, &seminar(), mint, rules, now).unwrap();
    store.commit(&drafted, None).await.unwrap();
    assert!(matches!(store.commit(&drafted, None).await, Err(Lost::Stale)), "a claim is made once");

    let dossier = store.dossier(&holder, now).await.unwrap();
    let record = dossier.credits[0].clone();
    assert_eq!(Some(&record), drafted.credit.as_deref(), "as it was written");
    assert_eq!(record.state, CreditState::Draft);

    let (request, arrived) = certificate(&record.id);
    let file = request.id.clone();
    let asked = education::request_evidence(&dossier, &record, request, rules, now).unwrap();
    store.commit(&asked, None).await.unwrap();
    let dossier = store.dossier(&holder, now).await.unwrap();
    let confirmed =
        education::confirm_evidence(&dossier, &dossier.credits[0], &file, &arrived, rules, now).unwrap();
    store.commit(&confirmed, None).await.unwrap();
    let dossier = store.dossier(&holder, now).await.unwrap();
    assert_eq!(Some(&dossier.credits[0]), confirmed.credit.as_deref(), "with its file");
    assert_eq!(world.mails().await.len(), mails, "nothing is told of a draft");

    let claimed = education::submit(&dossier, &dossier.credits[0], rules, now).unwrap();
    store.commit(&claimed, None).await.unwrap();
    let dossier = store.dossier(&holder, now).await.unwrap();
    let record = dossier.credits[0].clone();
    assert_eq!(Some(&record), claimed.credit.as_deref());

    let reviewer = Reviewer {
        id: StaffId::mint(1),
        area: "4201".parse().unwrap(),
        roles: [Role::PreliminaryReviewer].into(),
        identity: None,
    };
    let recognised =
        education::recognise(&dossier, &record, &reviewer, None, Vec::new(), rules, now).unwrap();
    store.commit(&recognised, None).await.unwrap();
    let dossier = store.dossier(&holder, now).await.unwrap();
    assert_eq!((dossier.credits[0].state, dossier.credits[0].version), (CreditState::Recognised, 5));
    let cycle = &dossier.registrations[0].cycle;
    let assessed = assess(cycle, &dossier.credits, rules.get(&cycle.rules));
    assert_eq!(assessed.shortfall.counted, Hours::from_tenths(60));

    let journal = store.journal(record.id.as_str(), 10, None).await.unwrap().items;
    let actions: Vec<_> = journal.iter().map(|line| line.entry.action).collect();
    assert_eq!(
        actions,
        [
            JournalAction::HoursDrafted,
            JournalAction::AttachmentRequested,
            JournalAction::AttachmentConfirmed,
            JournalAction::HoursClaimed,
            JournalAction::HoursRecognised,
        ]
    );
    let told = &world.mails().await[mails..];
    assert_eq!(told.len(), 2, "the receipt, and what was decided");
    for mail in told {
        assert!(mail.summary.subject.contains("学时"), "{}", mail.summary.subject);
    }

    // Whoever decided on what was there before changes nothing.
    assert!(matches!(store.commit(&recognised, None).await, Err(Lost::Stale)));
}
