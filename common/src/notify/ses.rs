//! The SES carrier: `SendRawEmail` of API v1, which every region with SES has, and LocalStack's community edition too.

use super::{
    carrier::{ProviderMessageId, SendError, without_addresses},
    mime::Mail,
};
use aws_sdk_ses::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::send_raw_email::SendRawEmailError,
    primitives::Blob,
    types::{MessageTag, RawMessage},
};

/// The tag that names the notification; `notifier` reads it off the events.
const NOTIFICATION_TAG: &str = "notification";

/// What an account may want said with each mail.
#[derive(Debug, Clone, Default)]
pub struct SesSettings {
    /// The configuration set, which sends bounces and complaints on.
    pub configuration_set: Option<String>,
    /// ARN of the sender's identity where another account owns it.
    pub source_arn: Option<String>,
}

/// Sends mail through SES. Connection, retries and time limits are the client's.
#[derive(Debug)]
pub struct SesCarrier {
    client: Client,
    settings: SesSettings,
}

impl SesCarrier {
    /// Takes the process's client.
    pub fn new(client: Client, settings: SesSettings) -> Self {
        Self { client, settings }
    }

    pub(super) async fn send(&self, mail: &Mail) -> Result<ProviderMessageId, SendError> {
        let envelope = mail.envelope();
        let message = RawMessage::builder()
            .data(Blob::new(mail.bytes()))
            .build()
            .map_err(|error| SendError::MessageRefused(error.to_string()))?;
        // By this an event says which message it's about. Without a configuration set there are no events.
        let tag = self
            .settings
            .configuration_set
            .as_ref()
            .map(|_| MessageTag::builder().name(NOTIFICATION_TAG).value(mail.notification()).build());
        let tag = tag.transpose().map_err(|error| SendError::MessageRefused(error.to_string()))?;
        self.client
            .send_raw_email()
            .set_tags(tag.map(|tag| vec![tag]))
            .set_source(envelope.from().map(ToString::to_string))
            .set_destinations(Some(envelope.to().iter().map(ToString::to_string).collect()))
            .set_configuration_set_name(self.settings.configuration_set.clone())
            .set_source_arn(self.settings.source_arn.clone())
            .raw_message(message)
            .send()
            .await
            .map(|sent| ProviderMessageId::new(sent.message_id()))
            .map_err(|error| refused(&error))
    }
}

/// What SES's "no" means. Its errors are told apart by code; `MessageRejected` alone covers both our sender and the
/// recipient, and only its text says which.
fn refused(error: &SdkError<SendRawEmailError>) -> SendError {
    let Some(service) = error.as_service_error() else {
        return SendError::Unreachable(without_addresses(transport(error)));
    };
    let code = service.code().unwrap_or("unknown");
    let text = service.message().unwrap_or_default();
    let detail = without_addresses(&format!("{code}: {text}"));
    match code {
        "MessageRejected" if text.contains("not verified") => SendError::SenderRefused(detail),
        "MessageRejected" if text.contains("blacklisted") => SendError::RecipientRefused(detail),
        "MessageRejected" => SendError::MessageRefused(detail),
        "InvalidParameterValue" => SendError::RecipientRefused(detail),
        "Throttling" | "ThrottlingException" | "ServiceUnavailable" | "InternalFailure" => {
            SendError::Deferred(detail)
        }
        _ if error.raw_response().is_some_and(|reply| reply.status().is_server_error()) => {
            SendError::Deferred(detail)
        }
        // Pauses, missing configuration sets, unverified MAIL FROM domains, credentials and permissions.
        _ => SendError::SenderRefused(detail),
    }
}

fn transport(error: &SdkError<SendRawEmailError>) -> &'static str {
    match error {
        SdkError::ConstructionFailure(_) => "the request couldn't be built",
        SdkError::TimeoutError(_) => "no reply in time",
        SdkError::DispatchFailure(_) => "no connection",
        _ => "a reply that can't be read",
    }
}
