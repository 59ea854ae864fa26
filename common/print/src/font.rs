//! The font: which characters it has, and how wide they are.

use crate::error::{Characters, PrintError};
use krilla::{
    Data,
    text::{Font, GlyphId, KrillaGlyph},
};
use skrifa::{FontRef, MetadataProvider, charmap::Charmap, instance::LocationRef, instance::Size};
use std::sync::LazyLock;

/// See `fonts/README.md`.
static BYTES: &[u8] = include_bytes!("../fonts/NotoSerifCJKsc-Regular.subset.otf");

/// The font as it's embedded; read when the first document is printed, and never in a function that prints none.
static FACE: LazyLock<Option<Face>> = LazyLock::new(|| {
    let reader = FontRef::new(BYTES).ok()?;
    Some(Face { font: Font::new(Data::from(BYTES), 0)?, charmap: reader.charmap(), reader })
});

/// The font.
pub(crate) struct Face {
    /// For the document.
    pub font: Font,
    reader: FontRef<'static>,
    charmap: Charmap<'static>,
}

/// A text on a line: its glyphs, and how wide it is, both in parts of the font's size.
pub(crate) struct Run {
    /// The glyphs.
    pub glyphs: Vec<KrillaGlyph>,
    /// The width, in ems. What is tracked has no space after its last character.
    pub width: f32,
}

impl Face {
    /// The font.
    pub fn get() -> Result<&'static Self, PrintError> {
        FACE.as_ref().ok_or_else(|| PrintError::Document("the font can't be read".to_owned()))
    }

    /// Checks that the font has every character of `text`, which stands in `place`.
    pub fn check(&self, place: Option<&'static str>, text: &str) -> Result<(), PrintError> {
        let mut missing = Vec::new();
        for character in text.chars() {
            if self.charmap.map(character).is_none() && !missing.contains(&character) {
                missing.push(character);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(PrintError::Characters { place, characters: Characters(missing) })
    }

    /// `text` on a line, with `tracking` ems of space between its characters.
    pub fn run(&self, text: &str, tracking: f32) -> Result<Run, PrintError> {
        self.check(None, text)?;
        let metrics = self.reader.glyph_metrics(Size::unscaled(), LocationRef::default());
        let em = self.font.units_per_em();
        let mut run = Run { glyphs: Vec::new(), width: 0.0 };
        for (start, character) in text.char_indices() {
            let glyph = self.charmap.map(character).unwrap_or_default();
            let advance = metrics.advance_width(glyph).unwrap_or(em) / em + tracking;
            let range = start..start + character.len_utf8();
            let glyph = GlyphId::new(glyph.to_u32());
            run.glyphs.push(KrillaGlyph::new(glyph, advance, 0.0, 0.0, 0.0, range, None));
            run.width += advance;
        }
        run.width = (run.width - tracking).max(0.0);
        Ok(run)
    }

    /// How wide `text` is in ems.
    pub fn width(&self, text: &str) -> Result<f32, PrintError> {
        Ok(self.run(text, 0.0)?.width)
    }
}
