//! "Would this course, on this date, count for me?" Answered by the same assessment, and nothing is written.

use super::{ClaimInput, Place, check, with};
use crate::{
    actor::Actor,
    credit::{
        CreditRecord, Cycle, EvidenceKind, Hours, HoursShortfall, Likeness, Uncounted, assess, likenesses,
    },
    date::Instant,
    dossier::Dossier,
    error::{FieldError, Refusal},
    id::CreditId,
    rules::{Citation, RuleLibrary},
};
use serde::{Deserialize, Serialize};

/// Why it couldn't be claimed at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Obstacle {
    /// The code of the refusal that a claim would meet.
    pub code: String,
    /// The same in Chinese.
    pub detail: String,
    /// The rule behind it.
    pub rule: Option<Citation>,
}

impl From<&Refusal> for Obstacle {
    fn from(refusal: &Refusal) -> Self {
        Self { code: refusal.code().to_owned(), detail: refusal.to_string(), rule: refusal.rule().cloned() }
    }
}

/// What a claim would come to, if it were recognised in full.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// True where at least some of it would count.
    pub counts: bool,
    /// Why it couldn't be claimed at all.
    pub obstacle: Option<Obstacle>,
    /// What a claim would still have to say.
    pub problems: Vec<FieldError>,
    /// The cycle it would count in.
    pub cycle: Option<Cycle>,
    /// 学时 or 小时
    pub unit: Option<String>,
    /// Hours it would be claimed with.
    pub claimed: Hours,
    /// Hours that the cycle would gain.
    pub gained: Hours,
    /// Hours of it that wouldn't count, each with its reason.
    pub uncounted: Vec<Uncounted>,
    /// What is missing now.
    pub before: Option<HoursShortfall>,
    /// What would be missing then.
    pub after: Option<HoursShortfall>,
    /// Records that it looks like.
    pub likenesses: Vec<Likeness>,
    /// What would prove it: any one of these.
    pub evidence: Vec<EvidenceKind>,
}

/// Whether `input` would count. Unlike a claim it may lie ahead, and needs no evidence yet.
pub fn preview(dossier: &Dossier, input: &ClaimInput, library: &RuleLibrary, now: Instant) -> Preview {
    answer(dossier, input, library, now).unwrap_or_else(|refusal| Preview {
        problems: refusal.fields(),
        obstacle: Some(Obstacle::from(&refusal)),
        ..Preview::default()
    })
}

fn answer(
    dossier: &Dossier,
    input: &ClaimInput,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Preview, Refusal> {
    input.check_offered(None)?;
    let activity = input.activity();
    let place = Place::open_own(dossier, input.registration.as_ref(), activity.done_to, library)?;
    let mut problems = check::Problems::default();
    let claimed = input.check(&place, &activity, None, &mut problems)?;
    let unit = place.rules.hours.unit.to_string();
    let form = place.rules.credit_form(activity.form);
    // An id that sorts last: a record that is there is the one that counts, where both would come to the same.
    let id = CreditId::mint(&dossier.profile.holder, place.cycle.start, u128::MAX);
    let whose = place.registration.into();
    let if_recorded = CreditRecord::entered(id, whose, activity, claimed, &unit, Actor::System, now);
    let before = assess(place.cycle, &dossier.credits, place.rules).shortfall;
    let then = assess(place.cycle, &with(dossier, &if_recorded), place.rules);
    let gained = then.shortfall.counted.minus(before.counted);
    Ok(Preview {
        counts: !gained.is_zero(),
        obstacle: None,
        problems: problems.into_list(),
        cycle: Some(place.cycle.clone()),
        unit: Some(unit),
        claimed,
        gained,
        uncounted: then.line(&if_recorded.id).map(|line| line.uncounted.clone()).unwrap_or_default(),
        before: Some(before),
        after: Some(then.shortfall),
        likenesses: likenesses(&if_recorded, dossier.credits.iter().filter(|held| held.state.is_alive())),
        evidence: form.map(|form| form.evidence.iter().copied().collect()).unwrap_or_default(),
    })
}
