//! Leasing a message and marking how it went.

use super::{Delivery, LEASE_SECONDS, Leased, MOST_ATTEMPTS, OutboxItem, due::due_sk};
use crate::store::{Store, StoreError, items::written, keys, lost_condition, records};
use aws_sdk_dynamodb::{
    operation::update_item::builders::UpdateItemFluentBuilder,
    types::{AttributeValue, ReturnValue},
};
use domain::{date::Instant, delivery::Channel};

/// How an attempt is added to a message's trail.
const TRAIL: &str = "trail = list_append(if_not_exists(trail, :none), :attempt)";
/// Days a message is kept after it was sent or given up, as proof.
const KEPT_DAYS: i64 = 400;

/// Seconds until the attempt after `attempt`: 2 minutes doubling to 6 hours.
fn back_off_seconds(attempt: u32) -> i64 {
    (60_i64 << attempt.min(9)).min(6 * 3600)
}

impl Store {
    /// Leases a message to this sender, or `None` where it's sent already, given up, or somebody else is at it.
    /// `due` tells whether the message must be due (the sweep) or may be new (the stream's trigger).
    pub async fn lease(
        &self,
        notification: &str,
        now: Instant,
        due: bool,
    ) -> Result<Option<Leased>, StoreError> {
        let lease = now.plus_seconds(LEASE_SECONDS);
        let condition = if due {
            "#state = :pending AND next_attempt <= :now"
        } else {
            "#state = :pending AND attempts = :none"
        };
        let request = self
            .client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::outbox(notification).attributes()))
            .update_expression("SET attempts = attempts + :one, next_attempt = :lease, due_sk = :due_sk")
            .condition_expression(condition)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":pending", keys::text("pending"))
            .expression_attribute_values(":one", keys::number(1))
            .expression_attribute_values(":lease", keys::text(lease.to_string()))
            .expression_attribute_values(":due_sk", keys::text(due_sk(lease, None, notification)))
            .return_values(ReturnValue::AllNew);
        let request = if due {
            request.expression_attribute_values(":now", keys::text(now.to_string()))
        } else {
            request.expression_attribute_values(":none", keys::number(0))
        };
        match request.send().await {
            Ok(output) => {
                let item: OutboxItem = records::from_item(output.attributes.unwrap_or_default())?;
                let OutboxItem { dispatch, attempts: attempt, wechat, .. } = item;
                Ok(Some(Leased { dispatch, attempt, wechat, lease }))
            }
            Err(error) if lost_condition(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Marks how an attempt by `channel` went. A mark that comes after the lease ended, when another sender has taken over,
    /// changes nothing and gives `false`. Where nobody has, it still counts: a mail that's on its way needn't be sent again.
    pub async fn mark(
        &self,
        leased: &Leased,
        channel: Channel,
        delivery: &Delivery,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let id = leased.dispatch.id();
        let request = self
            .client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::outbox(id).attributes()))
            .condition_expression("#state = :pending AND next_attempt = :lease")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":pending", keys::text("pending"))
            .expression_attribute_values(":lease", keys::text(leased.lease.to_string()));
        let request = match delivery.attempt(channel, now) {
            Some(attempt) => request
                .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
                .expression_attribute_values(":attempt", serde_dynamo::to_attribute_value(vec![attempt])?),
            None => request,
        };
        let request = match delivery {
            Delivery::Held { until } => request
                .update_expression("SET next_attempt = :next, due_sk = :due_sk, attempts = attempts - :one")
                // It's late only from then on.
                .expression_attribute_values(":due_sk", keys::text(due_sk(*until, Some(*until), id)))
                .expression_attribute_values(":next", keys::text(until.to_string()))
                .expression_attribute_values(":one", keys::number(1)),
            Delivery::Retry { error } if leased.attempt < MOST_ATTEMPTS => {
                let next = now.plus_seconds(back_off_seconds(leased.attempt));
                let place = due_sk(next, Some(leased.dispatch.at()), id);
                request
                    .update_expression(format!(
                        "SET next_attempt = :next, due_sk = :due_sk, last_error = :error, {TRAIL}"
                    ))
                    .expression_attribute_values(":due_sk", keys::text(place))
                    .expression_attribute_values(":next", keys::text(next.to_string()))
                    .expression_attribute_values(":error", keys::text(error))
            }
            Delivery::Sent { provider_id } => ended(request, "sent", ("provider_id", provider_id), now),
            Delivery::Withheld { error } => ended(request, "withheld", ("last_error", error), now),
            Delivery::Retry { error } | Delivery::Refused { error } => {
                ended(request, "dead", ("last_error", error), now)
            }
        };
        written(request.send().await)
    }
}

/// The mark of a message that waits no more.
fn ended(
    request: UpdateItemFluentBuilder,
    state: &str,
    (attribute, value): (&str, &str),
    now: Instant,
) -> UpdateItemFluentBuilder {
    let expiry = now.plus_seconds(KEPT_DAYS * 86_400).unix_seconds();
    let forgotten = if attribute == "last_error" { "" } else { ", last_error" };
    request
        .update_expression(format!(
            "SET #state = :state, expires_at = :expiry, {attribute} = :value, {TRAIL} REMOVE due_pk, due_sk{forgotten}"
        ))
        .expression_attribute_values(":state", keys::text(state))
        .expression_attribute_values(":expiry", keys::number(expiry))
        .expression_attribute_values(":value", keys::text(value))
}

#[cfg(test)]
mod tests {
    use super::{super::MOST_ATTEMPTS, back_off_seconds};

    #[test]
    fn attempts_are_spread_from_two_minutes_to_six_hours() {
        assert_eq!(back_off_seconds(1), 120);
        assert_eq!(back_off_seconds(5), 1920);
        assert_eq!(back_off_seconds(9), 21_600);
        assert!((1..MOST_ATTEMPTS).map(back_off_seconds).sum::<i64>() > 12 * 3600);
    }
}
