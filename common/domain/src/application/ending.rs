//! What ends with a registration: the applications that are open about it, and the hours of its open cycle that wait for
//! a reviewer. Part of the change that ends it, so that nothing is left that could bring it back.

use super::{Application, ApplicationKind, Change, State, effect};
use crate::{dossier::Dossier, education, id::ApplicationId, registration::Registration};

/// Ends, in `change`, what is open about `registration`, which has just ended; but for the application `by` that ended
/// it. Gives the kinds of those that had been submitted, for the letter.
///
/// There is one open application of a kind, so that they always fit into a transaction. Of hours that wait there may be
/// more: the job closes the rest, and none of them can be recognised meanwhile.
pub(crate) fn end_with(
    dossier: &Dossier,
    registration: &mut Registration,
    by: Option<&ApplicationId>,
    change: &mut Change,
) -> Vec<ApplicationKind> {
    let now = change.journal.at;
    let is_about = |application: &&Application| {
        application.is_open()
            && application.registration.as_ref() == Some(&registration.number)
            && Some(&application.id) != by
    };
    let mut told = Vec::new();
    // What two of them hold is let go with the second.
    let mut after = dossier.clone();
    for application in dossier.applications.iter().filter(is_about) {
        let mut next = application.next(now);
        next.state = State::Closed;
        next.claim = None;
        next.next_due = None;
        next.mend_by = None;
        effect::let_go(&after, &mut next, change);
        if application.receipt.is_some() {
            told.push(application.kind);
        }
        after.applications.retain(|held| held.id != next.id);
        after.applications.push(next.clone());
        change.closed.push(next);
    }
    education::close_waiting(dossier, registration, change);
    told
}
