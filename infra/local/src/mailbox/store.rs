//! The folder of mails: one `.eml` file each, named by when it arrived, so that a listing of the folder is
//! the mailbox in order. Header fields are kept in memory; bodies are read when someone asks.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use mail_parser::{Address, MessageParser, PartType};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::MailboxError;
use super::smtp::Envelope;

/// `20250131T093000.123456Z`: sorts by arrival, and works as a file name and in a URL.
const ID: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:6]Z");

/// What the list shows of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSummary {
    /// The file's name without `.eml`; also the last part of the page's address.
    pub id: String,
    /// When it arrived, by this machine's clock.
    pub received_at: OffsetDateTime,
    /// The `Date` field: when its sender says it was written.
    pub date: Option<OffsetDateTime>,
    /// The `From` field, as `name <address>` or just the address.
    pub from: String,
    /// The addresses of the `To` field.
    pub to: Vec<String>,
    /// The `RCPT TO` addresses: who it was really delivered to, blind copies included.
    pub recipients: Vec<String>,
    /// The subject, decoded; empty when there is none.
    pub subject: String,
    /// The `Message-ID` field without its brackets.
    pub message_id: Option<String>,
}

/// One mail, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMail {
    /// Its header fields.
    pub summary: MailSummary,
    /// The plain-text part, if the sender wrote one.
    pub text: Option<String>,
    /// The HTML part, if the sender wrote one.
    pub html: Option<String>,
    /// The file as it is kept: the message with `Return-Path` and `Delivered-To` fields in front.
    pub raw: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    index: RwLock<Vec<MailSummary>>,
}

impl Store {
    /// Opens the folder and reads what is there. Files that are not ours are left alone.
    pub fn open(folder: &Path) -> Result<Self, MailboxError> {
        let failed = |source| MailboxError::Folder { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut ids = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if let Some(id) = name.to_str().and_then(|name| name.strip_suffix(".eml"))
                && parse_id(id).is_some()
            {
                ids.push(id.to_owned());
            }
        }
        ids.sort_unstable();
        let store = Self { folder: folder.to_owned(), index: RwLock::default() };
        let mut index = Vec::with_capacity(ids.len());
        for id in ids {
            index.push(store.read(&id)?.summary);
        }
        // A folder that can be read but not written is found out now, not with the first mail.
        let probe = folder.join(".writable");
        std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(failed)?;
        *store.index.write().unwrap_or_else(PoisonError::into_inner) = index;
        Ok(store)
    }

    /// Keeps a message. It is either there whole or not at all, whatever happens meanwhile.
    pub fn add(&self, envelope: &Envelope, message: &[u8]) -> io::Result<()> {
        let mut file =
            format!("Return-Path: <{}>\r\n", envelope.from.as_deref().unwrap_or_default()).into_bytes();
        for recipient in &envelope.to {
            write!(file, "Delivered-To: <{recipient}>\r\n")?;
        }
        file.extend_from_slice(message);
        // Written under the lock: two mails of one microsecond must not take one name, and the list must
        // stay in order.
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let mut arrived = OffsetDateTime::now_utc();
        if let Some(last) = index.last() {
            arrived = arrived.max(last.received_at + time::Duration::MICROSECOND);
        }
        let id = arrived.format(ID).map_err(io::Error::other)?;
        let mail = parse(&id, file).ok_or_else(|| io::Error::other("no arrival time in the name"))?;
        let part = self.folder.join(format!("{id}.part"));
        std::fs::write(&part, &mail.raw)?;
        std::fs::rename(part, self.path(&id))?;
        index.push(mail.summary);
        Ok(())
    }

    /// One mail by its id; `None` when there is none.
    pub fn get(&self, id: &str) -> Result<Option<StoredMail>, MailboxError> {
        // Only names from the index are ever opened, so an id can't lead out of the folder.
        let known = self.index().iter().any(|mail| mail.id == id);
        known.then(|| self.read(id)).transpose()
    }

    pub fn all(&self) -> Result<Vec<StoredMail>, MailboxError> {
        let ids: Vec<String> = self.index().iter().map(|mail| mail.id.clone()).collect();
        ids.iter().map(|id| self.read(id)).collect()
    }

    pub fn summaries(&self) -> Vec<MailSummary> {
        self.index().clone()
    }

    /// One page of the list, newest first.
    pub fn page(&self, skip: usize, take: usize) -> Vec<MailSummary> {
        self.index().iter().rev().skip(skip).take(take).cloned().collect()
    }

    pub fn count(&self) -> usize {
        self.index().len()
    }

    fn index(&self) -> RwLockReadGuard<'_, Vec<MailSummary>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.eml"))
    }

    fn read(&self, id: &str) -> Result<StoredMail, MailboxError> {
        let path = self.path(id);
        let raw =
            std::fs::read(&path).map_err(|source| MailboxError::Folder { path: path.clone(), source })?;
        let unnamed = || io::Error::from(io::ErrorKind::InvalidData);
        parse(id, raw).ok_or_else(|| MailboxError::Folder { path, source: unnamed() })
    }
}

fn parse_id(id: &str) -> Option<OffsetDateTime> {
    time::PrimitiveDateTime::parse(id, ID).ok().map(time::PrimitiveDateTime::assume_utc)
}

/// Reads a mail. Whatever can't be understood stays empty: the page then still shows its source.
fn parse(id: &str, raw: Vec<u8>) -> Option<StoredMail> {
    let received_at = parse_id(id)?;
    let message = MessageParser::default().parse(&raw).unwrap_or_default();
    // Asked of the parts that are there: the parser would make up the one that isn't from the other.
    let text = message.text_bodies().find_map(|part| match &part.body {
        PartType::Text(text) => Some(text.clone().into_owned()),
        _ => None,
    });
    let html = message.html_bodies().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.clone().into_owned()),
        _ => None,
    });
    let summary = MailSummary {
        id: id.to_owned(),
        received_at,
        date: message.date().and_then(|date| OffsetDateTime::from_unix_timestamp(date.to_timestamp()).ok()),
        from: addresses(message.from(), |name, address| match name {
            Some(name) => format!("{name} <{address}>"),
            None => address.to_owned(),
        })
        .join(", "),
        to: addresses(message.to(), |_, address| address.to_owned()),
        recipients: delivered_to(&raw),
        subject: message.subject().unwrap_or_default().to_owned(),
        message_id: message.message_id().map(str::to_owned),
    };
    Some(StoredMail { summary, text, html, raw })
}

fn addresses(field: Option<&Address<'_>>, show: impl Fn(Option<&str>, &str) -> String) -> Vec<String> {
    let shown = field.into_iter().flat_map(|field| field.iter());
    shown.map(|one| show(one.name(), one.address().unwrap_or_default())).collect()
}

/// The addresses this mailbox itself wrote in front of the message, after its `Return-Path`.
fn delivered_to(raw: &[u8]) -> Vec<String> {
    raw.split(|byte| *byte == b'\n')
        .skip(1)
        .map_while(|line| line.strip_prefix(b"Delivered-To: <")?.strip_suffix(b">\r"))
        .map(|address| String::from_utf8_lossy(address).into_owned())
        .collect()
}
