//! Very many messages, in small: every one arrives or is given up with its reason, though providers fail and a sender is
//! killed half way. `cargo run --release -p tests --bin mass` does the same with a hundred thousand.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used)]

use tests::mass::{Plan, run};

#[tokio::test(flavor = "multi_thread")]
async fn every_message_arrives_or_is_given_up_with_its_reason() {
    let plan = Plan { messages: 2_000, per_second: 500 };
    let findings = run(plan, |_, _| {}).await;
    assert_eq!(findings.faults(plan), [""; 0], "{findings:#?}");
    // What was meant to happen did.
    assert_eq!(findings.twice_for_lost_answers, 2);
    let ended = |state: &str, code: &str| -> usize {
        findings
            .ended
            .iter()
            .filter(|((_, of, why), _)| of == state && why == code)
            .map(|(_, count)| count)
            .sum()
    };
    assert_eq!(ended("Dead", "mail_recipient_refused"), 20);
    assert_eq!(ended("Sent", ""), 1980);
}
