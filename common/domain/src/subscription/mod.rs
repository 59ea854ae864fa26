//! WeChat subscribe messages (订阅消息): what a holder accepted, what a message says in WeChat's words, and what WeChat's
//! answer means.
//!
//! One acceptance pays for one message, and nobody can ask WeChat how many are left. So the count is kept here, and put
//! right whenever WeChat's answer shows that it was wrong. Mail is the other way: what ends a right, is a receipt, or may
//! be contested goes by mail whatever was accepted, since a message of WeChat's holds twenty characters.

mod answer;
mod consent;
mod content;
mod template;
mod value;

pub use answer::{Verdict, verdict};
pub use consent::{Answer, Consent, Consents, MOST_LEFT, PROMPT};
pub use content::{Fact, Told, Topic, told};
pub use template::{InvalidTemplates, Template, TemplateId, Templates};
pub use value::{Unfit, ValueKind};
