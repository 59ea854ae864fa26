//! Mail to holders, and the morning's to staff: what a [`domain::notification::Notification`] says in Chinese, as a MIME message, and who carries it.
//!
//! [`Letter::write`] finds the words, [`Mail::write`] makes the message of them, [`Carrier::send`] hands it on.
//! Nothing of that reads a clock or the store, and no mail ever holds an identity number. The postman hands on what is in the
//! outbox, by WeChat where the holder accepted that ([`WeChatChannel`]), else by mail.

mod application;
mod carrier;
mod content;
mod digest;
mod education;
mod letter;
mod letterhead;
mod mime;
mod pace;
mod postman;
mod registration;
mod revocation;
mod ses;
mod smtp;
mod tally;
mod transfer;
mod unsubscribe;
mod wechat;
mod wechat_tokens;
mod wording;

#[cfg(test)]
mod tests;

pub use carrier::{Carrier, ProviderMessageId, SendError};
pub use letter::Letter;
pub use letterhead::{InvalidLetterhead, Letterhead};
pub use mime::{Mail, MailError};
pub use pace::Pace;
pub use postman::{Door, Outcome, Posted, Postman};
pub use ses::{SesCarrier, SesSettings};
pub use smtp::{InvalidSmtp, SmtpCarrier, SmtpLogin, SmtpSettings, SmtpTls};
pub use tally::Tally;
pub use unsubscribe::{UnsubscribeLinks, UnsubscribeTokens};
pub use wechat::WeChatChannel;
