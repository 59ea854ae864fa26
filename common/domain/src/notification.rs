//! What we tell people. A notification is written in the same transaction as the change it tells of, under an id
//! that follows from that change, so that a change retried tells nothing twice.

use crate::{
    application::ApplicationKind,
    certificate::CertificateLevel,
    contact::EmailAddress,
    date::{CalendarDate, Instant},
    id::{ApplicationId, CreditId, HolderId, NoticeId},
    notice::NoticeCategory,
    registration::RegistrationNumber,
};
use serde::{Deserialize, Serialize};

/// One message to one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Follows from what is told, e.g. `{application}-v7-returned`; unique for good.
    pub id: String,
    /// Whom it concerns.
    pub holder: HolderId,
    /// Where it goes.
    pub to: EmailAddress,
    /// How the reader is addressed.
    pub name: String,
    /// When the change happened.
    pub at: Instant,
    /// What it says.
    pub message: Message,
}

/// One reason for a return or a refusal, as the reader sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonLine {
    /// The part of the form it's about, in Chinese; empty for the whole.
    pub part: String,
    /// The reason itself.
    pub text: String,
}

/// A receipt, as a letter about something else quotes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// The receipt's number.
    pub number: String,
    /// When the server accepted the submission.
    pub accepted_at: Instant,
    /// SHA-256 of what was submitted, hex.
    pub content_hash: String,
}

/// Hours of one activity, as a letter names them, and how the cycle stands with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoursLine {
    /// The record.
    pub credit: CreditId,
    /// What was done.
    pub title: String,
    /// Its form, in Chinese.
    pub form: String,
    /// The last day it was done.
    pub done_to: CalendarDate,
    /// Hours of it, in tenths of an hour.
    pub tenths: u32,
    /// What the rules call the unit.
    pub unit: String,
    /// Hours the cycle asks for, in tenths of an hour.
    pub required_tenths: u32,
    /// Hours that count in it now.
    pub counted_tenths: u32,
    /// Hours of values and ethics still missing.
    pub ethics_missing_tenths: u32,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum Message {
    /// The receipt (受理回执) for an accepted submission or amendment.
    Receipt {
        /// The application.
        application: ApplicationId,
        /// Its kind.
        kind: ApplicationKind,
        /// The receipt's number.
        receipt_number: String,
        /// SHA-256 of what was submitted, hex.
        content_hash: String,
        /// When the server accepted it; what deadlines are measured by.
        submitted_at: Instant,
        /// True where an application already waiting was amended.
        amendment: bool,
        /// True where it came after its window and was accepted all the same.
        late: bool,
        /// The day by which a decision is due.
        decision_due: CalendarDate,
    },
    /// Sent back to be mended (退回修改).
    Returned {
        /// The application.
        application: ApplicationId,
        /// Its kind.
        kind: ApplicationKind,
        /// Why.
        reasons: Vec<ReasonLine>,
        /// The last day to mend it.
        mend_by: CalendarDate,
    },
    /// Still waiting for the holder to mend it.
    ReturnedReminder {
        /// The application.
        application: ApplicationId,
        /// Its kind.
        kind: ApplicationKind,
        /// The last day to mend it.
        mend_by: CalendarDate,
        /// Days from today to that day.
        days_left: i64,
    },
    /// Closed because it was not mended in time.
    MendPeriodOver {
        /// The application.
        application: ApplicationId,
        /// Its kind.
        kind: ApplicationKind,
    },
    /// Registered, or registered again: the number and its validity.
    Registered {
        /// First or renewal.
        kind: ApplicationKind,
        /// The registration number.
        number: RegistrationNumber,
        /// The certificate's level.
        level: CertificateLevel,
        /// First day of validity.
        valid_from: CalendarDate,
        /// Last day of validity.
        valid_until: CalendarDate,
        /// First day on which the next renewal can be submitted.
        renewal_opens: CalendarDate,
        /// Hours of continuing education that the cycle asks for, in tenths of an hour.
        hours_required_tenths: u32,
        /// What the rules call the unit: 学时 or 小时.
        hours_unit: String,
    },
    /// A change of the register's data took effect.
    Changed {
        /// The registration number.
        number: RegistrationNumber,
        /// What changed, in Chinese.
        fields: Vec<String>,
        /// The receipt, where the submission took effect at once and no letter of its own brought it.
        receipt: Option<ReceiptLine>,
    },
    /// Cancelled at the holder's wish (注销).
    Cancelled {
        /// The registration number.
        number: RegistrationNumber,
        /// Applications that were closed with it.
        #[serde(default)]
        closed: Vec<ApplicationKind>,
        /// True where hours that waited to be recognised were closed with it.
        #[serde(default)]
        claims_closed: bool,
    },
    /// The registration is to be revoked (拟撤销登记), and the holder may object.
    RevocationAnnounced {
        /// The registration number.
        number: RegistrationNumber,
        /// The grounds with their facts.
        reasons: Vec<ReasonLine>,
        /// Last day to object.
        object_until: CalendarDate,
    },
    /// An objection to that arrived: the receipt for it.
    RevocationObjected {
        /// The registration number.
        number: RegistrationNumber,
        /// When the server accepted it.
        at: Instant,
        /// What was said.
        text: String,
    },
    /// The revocation was given up: the registration stands.
    RevocationEnded {
        /// The registration number.
        number: RegistrationNumber,
        /// True where an objection was upheld; false where the authority dropped it.
        upheld: bool,
        /// Why.
        note: String,
    },
    /// Revoked by the authority (撤销登记).
    Revoked {
        /// The registration number.
        number: RegistrationNumber,
        /// The grounds with their facts.
        reasons: Vec<ReasonLine>,
        /// When an objection arrived that was dismissed; none where nobody objected.
        objected_at: Option<Instant>,
        /// Why it was dismissed.
        note: String,
        /// Applications that were closed with it.
        closed: Vec<ApplicationKind>,
        /// True where hours that waited to be recognised were closed with it.
        claims_closed: bool,
        /// True where the certificate can be registered anew.
        can_register_again: bool,
    },
    /// Transferred out (转出): the registration ended here.
    TransferredOut {
        /// The registration number.
        number: RegistrationNumber,
        /// The province moved to, in Chinese.
        province: String,
        /// Hours that count in the cycle that was open, in tenths of an hour.
        hours_counted_tenths: u32,
        /// What the rules call the unit.
        hours_unit: String,
        /// Applications that were closed with it.
        closed: Vec<ApplicationKind>,
        /// True where hours that waited to be recognised were closed with it.
        claims_closed: bool,
    },
    /// Transferred in (转入): registered here, with the hours that were brought.
    TransferredIn {
        /// The new registration number.
        number: RegistrationNumber,
        /// The province it came from, in Chinese.
        province: String,
        /// The certificate's level.
        level: CertificateLevel,
        /// First day of the cycle.
        valid_from: CalendarDate,
        /// Last day of validity.
        valid_until: CalendarDate,
        /// First day on which the next renewal can be submitted.
        renewal_opens: CalendarDate,
        /// Hours that were claimed as done there, in tenths of an hour.
        hours_claimed_tenths: u32,
        /// Hours that count here.
        hours_counted_tenths: u32,
        /// Hours that the cycle asks for.
        hours_required_tenths: u32,
        /// What the rules call the unit.
        hours_unit: String,
    },
    /// Refused for good (不予登记).
    Refused {
        /// The application.
        application: ApplicationId,
        /// Its kind.
        kind: ApplicationKind,
        /// Why.
        reasons: Vec<ReasonLine>,
    },
    /// Taken back by the holder.
    Withdrawn {
        /// The application.
        application: ApplicationId,
        /// Its kind.
        kind: ApplicationKind,
    },
    /// The certificate isn't registered yet and its window is closing.
    FirstRegistrationDue {
        /// Last day of the window.
        until: CalendarDate,
        /// Days from today to that day; negative once it has closed.
        days_left: i64,
        /// True where the rules still accept a late registration.
        late_accepted: bool,
    },
    /// The registration lapses soon.
    RenewalDue {
        /// The registration number.
        number: RegistrationNumber,
        /// Last day of validity.
        valid_until: CalendarDate,
        /// First day on which the renewal can be submitted.
        renewal_opens: CalendarDate,
        /// Days from today to the last day of validity.
        days_left: i64,
        /// Hours still missing, in tenths of an hour.
        hours_missing_tenths: u32,
        /// Hours of values and ethics still missing, in tenths of an hour.
        #[serde(default)]
        ethics_missing_tenths: u32,
        /// Hours claimed and not yet looked at, in tenths of an hour.
        #[serde(default)]
        hours_pending_tenths: u32,
        /// What the rules call the unit.
        hours_unit: String,
    },
    /// Hours were claimed: the receipt for them.
    HoursClaimed {
        /// What and how many.
        hours: HoursLine,
        /// The receipt.
        receipt: ReceiptLine,
        /// The day by which a decision is due.
        decision_due: CalendarDate,
    },
    /// A provider recorded hours, or corrected what it had recorded.
    HoursRecorded {
        /// What and how many.
        hours: HoursLine,
        /// True for a correction.
        corrected: bool,
        /// Why it was corrected.
        reasons: Vec<ReasonLine>,
    },
    /// Hours were recognised, in full or in part.
    HoursRecognised {
        /// What and how many.
        hours: HoursLine,
        /// Hours claimed, in tenths of an hour; more than were recognised where it was a part.
        claimed_tenths: u32,
        /// True where a provider had recorded them, and a sample was looked into; false for a claim.
        #[serde(default)]
        recorded: bool,
        /// Why only a part was.
        reasons: Vec<ReasonLine>,
    },
    /// Hours were refused.
    HoursRefused {
        /// What and how many.
        hours: HoursLine,
        /// True where a provider had recorded them, and a sample was looked into; false for a claim.
        #[serde(default)]
        recorded: bool,
        /// Why.
        reasons: Vec<ReasonLine>,
    },
    /// Hours that had counted no longer do.
    HoursVoided {
        /// What and how many.
        hours: HoursLine,
        /// True where a provider took back a row; false where they were struck out for fraud.
        taken_back: bool,
        /// Why.
        reasons: Vec<ReasonLine>,
    },
    /// Evidence is asked for, or still is: a record was drawn as a sample, or a reviewer wants to see more of it.
    EvidenceAsked {
        /// What and how many.
        hours: HoursLine,
        /// Last day to bring it.
        due: CalendarDate,
        /// Days from today to that day.
        days_left: i64,
        /// What would do, in Chinese.
        accepted: Vec<String>,
        /// True where a reviewer asks for this one by hand; false where it was drawn.
        #[serde(default)]
        by_hand: bool,
    },
    /// Evidence that was asked for was handed in: the receipt for it.
    EvidenceBrought {
        /// What and how many.
        hours: HoursLine,
        /// The receipt.
        receipt: ReceiptLine,
        /// The day by which a decision is due.
        decision_due: CalendarDate,
    },
    /// The registration has lapsed (登记失效).
    Lapsed {
        /// The registration number.
        number: RegistrationNumber,
        /// The last day it was valid.
        valid_until: CalendarDate,
        /// True where the certificate can be registered anew.
        can_register_again: bool,
        /// True where a revocation that was announced ended with it.
        #[serde(default)]
        revocation_ended: bool,
    },
    /// A notice (公告) of an authority, mailed to those it's for.
    Notice {
        /// The notice.
        notice: NoticeId,
        /// What it's about.
        category: NoticeCategory,
        /// Its title.
        title: String,
        /// What it says in a sentence; empty where nobody wrote one.
        summary: String,
        /// Since when it can be read.
        published_at: Instant,
        /// Files that come with it.
        files: usize,
    },
}
