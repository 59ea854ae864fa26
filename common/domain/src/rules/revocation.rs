//! Rules of revocation (撤销登记): for which grounds, how long its holder may object, and what comes after.

use super::{Contradiction, Ground, RuleSet, Sourced};
use crate::{education::GROUND_ENDED, form::Field};
use serde::Deserialize;

/// Revocation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationRules {
    /// Calendar days a holder has to object, counted from the day after the announcement.
    pub objection_days: Sourced<u16>,
    /// Whether an objection is decided by another administrator than the one who announced the revocation.
    pub another_decides: Sourced<bool>,
    /// Whether the certificate can be registered anew; if so, reviewers are shown that it was revoked.
    pub may_register_again: Sourced<bool>,
    /// Grounds for revoking.
    pub grounds: Sourced<Vec<Ground>>,
}

impl RuleSet {
    /// Revocation, and what a change must bring: what contradicts itself in them.
    pub(super) fn check_revocation(&self, found: &mut Vec<Contradiction>) {
        let mut require = |holds: bool, what: &str| {
            if !holds {
                found.push(Contradiction(what.to_owned()));
            }
        };
        let rules = &self.revocation;
        require(*rules.objection_days > 0, "revocation.objection_days is zero: nobody could ever object");
        require(!rules.grounds.is_empty(), "revocation.grounds is empty: nothing could be revoked");
        let mut codes: Vec<_> = rules.grounds.iter().map(|ground| &ground.code).collect();
        codes.sort_unstable();
        codes.dedup();
        require(codes.len() == rules.grounds.len(), "revocation.grounds has a code twice");
        require(
            self.hours.grounds.iter().any(|ground| ground.code == GROUND_ENDED),
            "hours.grounds lacks registration_ended, which hours are closed with",
        );
        // Whoever's name or document it is by then, the certificate in their hand still names another.
        for field in [Field::Name, Field::IdentityDocument] {
            require(
                self.change_rule(field).is_none_or(|rule| rule.approval && !rule.evidence.is_empty()),
                &format!("changes lets {} be changed without approval or evidence", field.key()),
            );
        }
    }
}
