//! Hours of continuing education, as reviewers have them: what waits in their area, one record beside what it looks like,
//! decisions, striking out, and evidence asked for.

pub(crate) mod cycle;
pub(crate) mod decision;
pub(crate) mod evidence;
pub(crate) mod opened;
pub(crate) mod queue;
mod shared;
pub(crate) mod voiding;

use common::{
    http::{App, IfMatch, Problem},
    store::StoreError,
};
use domain::{
    credit::{CreditRecord, CreditRefusal},
    date::{CalendarDate, Instant},
    dossier::{Dossier, WORKING_YEARS},
    id::CreditId,
};

/// A record's id, as it stands in a path.
pub(crate) fn parse(id: &str) -> Result<CreditId, Problem> {
    Ok(id.parse().map_err(|_| CreditRefusal::UnknownCredit)?)
}

/// The dossier of the holder of `id` with all that its own cycle has, which may lie before the working set.
async fn with_cycle(app: &App, id: &CreditId, now: Instant) -> Result<Dossier, StoreError> {
    load(app, id, id.cycle_start(), now).await
}

/// As [`with_cycle`], and what the cycle before had counted: that isn't counted again.
async fn with_cycles(app: &App, id: &CreditId, now: Instant) -> Result<Dossier, StoreError> {
    load(app, id, id.cycle_start().plus_years(-WORKING_YEARS), now).await
}

async fn load(app: &App, id: &CreditId, since: CalendarDate, now: Instant) -> Result<Dossier, StoreError> {
    let since = since.min(Dossier::since(now.day()));
    app.store.dossier_since(&id.holder(), since, now).await
}

/// The record `id` in the version that `If-Match` asks for.
fn find<'a>(
    dossier: &'a Dossier,
    id: &CreditId,
    version: Option<IfMatch>,
) -> Result<&'a CreditRecord, Problem> {
    let record = dossier.credit(id).ok_or(CreditRefusal::UnknownCredit)?;
    match version {
        Some(IfMatch(version)) if version != record.version => Err(Problem::stale()),
        _ => Ok(record),
    }
}
