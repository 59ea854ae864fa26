//! A document: what all have in common, and how it becomes bytes.
//!
//! They are PDF/A-2u, the form for keeping: the font is inside, every character says what it is, nothing depends on a
//! device. There is no time of making and no random id in them: the same sheet makes the same bytes.

use crate::{error::PrintError, font::Face, pen::Pen};
use domain::date::CalendarDate;
use krilla::{
    Document, SerializeSettings,
    configure::{Archival, ConfigurationBuilder},
    metadata::{DateTime, Metadata},
    page::PageSettings,
};

/// A4, upright, in points.
pub(crate) const A4: (f32, f32) = (595.28, 841.89);

/// A document that is being put together.
pub(crate) struct Sheets {
    document: Document,
    face: &'static Face,
}

impl Sheets {
    /// An empty document of that title, issued by `authority` on `issued_on`.
    pub fn new(title: String, authority: &str, issued_on: CalendarDate) -> Result<Self, PrintError> {
        let archival = ConfigurationBuilder::new().with_archival_validator(Archival::A2_U).finish();
        let configuration = archival.map_err(|error| PrintError::Document(format!("{error:?}")))?;
        let mut document = Document::new_with(SerializeSettings {
            configuration,
            enable_tagging: false,
            ..SerializeSettings::default()
        });
        let metadata = Metadata::new()
            .title(title)
            .authors(vec![authority.to_owned()])
            .language("zh-CN".to_owned())
            .creation_date(midnight(issued_on));
        document.set_metadata(metadata);
        Ok(Self { document, face: Face::get()? })
    }

    /// Adds a page of that size, which `draw` fills.
    pub fn page(
        &mut self,
        (width, height): (f32, f32),
        draw: impl FnOnce(&mut Pen<'_, '_>) -> Result<(), PrintError>,
    ) -> Result<(), PrintError> {
        let settings = PageSettings::from_wh(width, height);
        let settings = settings.ok_or_else(|| PrintError::Document("a page without a size".to_owned()))?;
        let mut page = self.document.start_page_with(settings);
        let mut surface = page.surface();
        let drawn = draw(&mut Pen::new(&mut surface, self.face));
        surface.finish();
        page.finish();
        drawn
    }

    /// The document's bytes.
    pub fn finish(self) -> Result<Vec<u8>, PrintError> {
        self.document.finish().map_err(|error| PrintError::Document(format!("{error:?}")))
    }
}

/// The first moment of a day in Shanghai, which a document gives as the time it was made.
fn midnight(day: CalendarDate) -> DateTime {
    let digits = day.compact();
    let part = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse().ok());
    let (month, day_of_month) = (part(4..6).unwrap_or(1), part(6..8).unwrap_or(1));
    DateTime::new(u16::try_from(day.year()).unwrap_or_default())
        .month(month)
        .day(day_of_month)
        .hour(0)
        .minute(0)
        .second(0)
        .utc_offset_hour(8)
        .utc_offset_minute(0)
}

/// `2029年3月1日`: print has no spaces between figures and characters.
pub(crate) fn printed(day: CalendarDate) -> String {
    day.in_chinese().replace(' ', "")
}
