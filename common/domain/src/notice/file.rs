//! A notice's files: a place is given, the upload is looked at, and from then on whoever may read the notice may fetch it.

use super::{Notice, NoticeRefusal};
use crate::{
    attachment::{
        Announced, AttachmentState, ContentType, Inspection, StoredFile, check_arrived, check_file,
        display_name, is_kept, object_key,
    },
    date::Instant,
    id::AttachmentId,
    rules::AttachmentRules,
};
use serde::{Deserialize, Serialize};

/// The most files of a notice.
pub const MOST_FILES: u8 = 10;
/// The most bytes of a file.
pub const MOST_FILE_BYTES: u64 = 10 * 1_048_576;
/// What a file is called where one can't be taken.
const OF: &str = "公告附件";

/// A file of a notice, or a place for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeFile {
    /// Its id.
    pub id: AttachmentId,
    /// The name its author's computer gave it, which readers fetch it under.
    pub file_name: String,
    /// The format announced, and once confirmed the format seen.
    pub content_type: ContentType,
    /// Bytes announced, and once confirmed the bytes stored.
    pub size: u64,
    /// SHA-256 in hex: as announced (where it was), and once confirmed as computed.
    pub sha256: Option<String>,
    /// How far it has come.
    pub state: AttachmentState,
    /// When the place was given.
    pub requested_at: Instant,
}

/// A file that is to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRequest {
    /// Its id.
    pub id: AttachmentId,
    /// What the computer calls it.
    pub file_name: String,
    /// Its format.
    pub content_type: ContentType,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in hex, where it's known.
    pub sha256: Option<String>,
}

/// What may be uploaded. The same for every area: a notice is no application, and no rule set speaks of it.
fn rules() -> AttachmentRules {
    AttachmentRules {
        content_types: ContentType::ALL.into_iter().collect(),
        max_bytes: MOST_FILE_BYTES,
        max_files: MOST_FILES,
    }
}

impl NoticeFile {
    /// True once the file itself was looked at.
    pub fn is_confirmed(&self) -> bool {
        self.state == AttachmentState::Confirmed
    }

    /// The confirmed file, as it's shown; none before there is one.
    pub fn stored(&self) -> Option<StoredFile<'_>> {
        let sha256 = self.sha256.as_ref().filter(|_| self.is_confirmed())?;
        let (content_type, file_name) = (self.content_type, self.file_name.as_str());
        Some(StoredFile { key: object_key(&self.id, sha256), content_type, file_name })
    }
}

impl Notice {
    /// The file `id`, or the place for one.
    ///
    /// # Errors
    ///
    /// [`NoticeRefusal::UnknownFile`].
    pub fn file(&self, id: &AttachmentId) -> Result<&NoticeFile, NoticeRefusal> {
        self.files.iter().find(|file| file.id == *id).ok_or(NoticeRefusal::UnknownFile)
    }

    fn is_open(&self) -> Result<(), NoticeRefusal> {
        if self.withdrawn.is_some() { Err(NoticeRefusal::Withdrawn) } else { Ok(()) }
    }

    /// The notice with a place for `request`. Places that nothing was confirmed in for a day are given up.
    ///
    /// # Errors
    ///
    /// [`NoticeRefusal::Withdrawn`], [`NoticeRefusal::TooManyFiles`], [`NoticeRefusal::File`].
    pub fn with_place(&self, request: FileRequest, now: Instant) -> Result<Self, NoticeRefusal> {
        self.is_open()?;
        check_file(&rules(), OF, request.content_type, request.size)?;
        let mut next = self.next();
        next.files.retain(|file| file.is_confirmed() || is_kept(file.requested_at, now));
        if next.files.len() >= usize::from(MOST_FILES) {
            return Err(NoticeRefusal::TooManyFiles);
        }
        let FileRequest { id, file_name, content_type, size, sha256 } = request;
        next.files.push(NoticeFile {
            id,
            file_name: display_name(&file_name),
            content_type,
            size,
            sha256,
            state: AttachmentState::Pending,
            requested_at: now,
        });
        Ok(next)
    }

    /// The notice with the file `id` in its place, as it was seen; none where it was confirmed before.
    ///
    /// # Errors
    ///
    /// [`NoticeRefusal::Withdrawn`], [`NoticeRefusal::UnknownFile`], [`NoticeRefusal::File`].
    pub fn with_file(
        &self,
        id: &AttachmentId,
        seen: &Inspection,
        now: Instant,
    ) -> Result<Self, NoticeRefusal> {
        self.is_open()?;
        let place = self.file(id)?;
        let announced = Announced {
            content_type: place.content_type,
            size: place.size,
            sha256: place.sha256.as_deref().filter(|_| !place.is_confirmed()),
        };
        check_arrived(&rules(), OF, &announced, seen)?;
        let mut next = Self { updated_at: now, ..self.next() };
        for file in next.files.iter_mut().filter(|file| file.id == *id) {
            file.size = seen.size;
            file.sha256 = Some(seen.sha256.clone());
            file.state = AttachmentState::Confirmed;
        }
        Ok(next)
    }

    /// The notice without the file `id`.
    ///
    /// # Errors
    ///
    /// [`NoticeRefusal::Withdrawn`], [`NoticeRefusal::UnknownFile`].
    pub fn without_file(&self, id: &AttachmentId, now: Instant) -> Result<Self, NoticeRefusal> {
        self.is_open()?;
        self.file(id)?;
        let mut next = Self { updated_at: now, ..self.next() };
        next.files.retain(|file| file.id != *id);
        Ok(next)
    }
}
