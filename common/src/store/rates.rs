//! How fast may be sent: a token bucket for each provider, shared by all who send. It holds no more than what is due now,
//! so that nobody saves up for a burst.
//!
//! A provider's record says until when its rate is used up, in microseconds since 1970. Who wants to send takes the slots
//! that come next, one `step` after the other, by moving that time on; conditional, so no slot is taken twice. Who may
//! wait only for a short while gets none where others have taken more than that: this is how what is urgent goes first.

use super::{
    Store, StoreError,
    keys::{self, Item},
    records::entity,
};
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::UpdateItemError,
    types::{ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use domain::delivery::Channel;
use std::{ops::Range, time::Duration};

/// How often a record that moved meanwhile is tried again.
const TRIES: u32 = 6;

/// Whose slots somebody wants, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotsWanted {
    /// Whose rate.
    pub channel: Channel,
    /// How many.
    pub count: u32,
    /// The time from one to the next.
    pub step: Duration,
    /// How long the first may be from now.
    pub within: Duration,
}

impl Store {
    /// Takes slots: from the first to the end of the last, or none where the first would be too late. All times are in
    /// microseconds since 1970; it's quickest where `used_until` is what the last call gave.
    pub async fn take_slots(
        &self,
        wanted: SlotsWanted,
        used_until: u64,
        now: u64,
    ) -> Result<Option<Range<u64>>, StoreError> {
        let span = micros(wanted.step).saturating_mul(u64::from(wanted.count));
        let latest = now.saturating_add(micros(wanted.within));
        let mut used_until = used_until;
        for _ in 0..TRIES {
            if used_until > latest {
                return Ok(None);
            }
            let request = self
                .client
                .update_item()
                .table_name(&self.tables.records)
                .set_key(Some(keys::rate(wanted.channel.name()).attributes()))
                .expression_attribute_values(":now", keys::number(now))
                .expression_attribute_values(":span", keys::number(span))
                .return_values(ReturnValue::UpdatedNew)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            let request = if used_until > now {
                request
                    .update_expression("SET used_until = used_until + :span")
                    .condition_expression("used_until > :now AND used_until <= :latest")
                    .expression_attribute_values(":latest", keys::number(latest))
            } else {
                request
                    .update_expression("SET used_until = :now + :span, #entity = :entity")
                    .condition_expression("attribute_not_exists(used_until) OR used_until <= :now")
                    .expression_attribute_names("#entity", keys::ENTITY)
                    .expression_attribute_values(":entity", keys::text(entity::RATE))
            };
            match request.send().await {
                Ok(output) => {
                    let end = used_until_of(output.attributes.as_ref())?;
                    return Ok(Some(end.saturating_sub(span)..end));
                }
                Err(error) => used_until = found(error)?,
            }
        }
        Err(StoreError::Busy("a provider's rate kept changing".to_owned()))
    }
}

/// Until when the rate is used up, where somebody else took slots meanwhile.
fn found(error: SdkError<UpdateItemError>) -> Result<u64, StoreError> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(lost)) => {
            let used_until = lost.item().and_then(|item| item.get("used_until"));
            let number =
                used_until.and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok());
            number.ok_or(StoreError::Attribute("used_until"))
        }
        _ => Err(error.into()),
    }
}

fn used_until_of(item: Option<&Item>) -> Result<u64, StoreError> {
    let value = item.and_then(|item| item.get("used_until")).and_then(|value| value.as_n().ok());
    value.and_then(|number| number.parse().ok()).ok_or(StoreError::Attribute("used_until"))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
