//! Writing and drawing on a page. Lengths are points (1/72 inch), from the page's upper left corner.

use crate::{
    error::PrintError,
    font::{Face, Run},
};
use krilla::{
    color::rgb,
    geom::{Path, PathBuilder, Point, Rect, Transform},
    num::NormalizedF32,
    paint::{Fill, LineCap, LineJoin, Stroke},
    surface::Surface,
};

/// Points in a millimetre.
pub(crate) const MM: f32 = 72.0 / 25.4;

/// A colour, red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ink(pub u8, pub u8, pub u8);

impl Ink {
    /// Text.
    pub const TEXT: Self = Self(0x1C, 0x1A, 0x18);
    /// Labels and small print.
    pub const QUIET: Self = Self(0x6B, 0x5A, 0x50);
    /// Titles, frames.
    pub const RED: Self = Self(0x9C, 0x1F, 0x17);
    /// Ornament.
    pub const GOLD: Self = Self(0xB8, 0x93, 0x5A);
    /// What lies under text.
    pub const PALE: Self = Self(0xF3, 0xE8, 0xDA);
    /// Rules of tables and under values.
    pub const RULE: Self = Self(0xB9, 0xAE, 0xA4);
    /// The cloth behind a table's head.
    pub const HEAD: Self = Self(0xF6, 0xEF, 0xE6);
    /// Paper.
    pub const WHITE: Self = Self(0xFF, 0xFF, 0xFF);
    /// QR codes.
    pub const BLACK: Self = Self(0, 0, 0);

    fn fill(self) -> Fill {
        Fill { paint: rgb::Color::new(self.0, self.1, self.2).into(), ..Fill::default() }
    }

    fn stroke(self, width: f32) -> Stroke {
        Stroke { paint: rgb::Color::new(self.0, self.1, self.2).into(), width, ..Stroke::default() }
    }
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// The font's size.
    pub size: f32,
    /// Its colour.
    pub ink: Ink,
    /// Space between characters, in ems.
    pub tracking: f32,
    /// Printed with a heavier stroke. There is one weight of the font; headings are all that this is for.
    pub heavy: bool,
}

impl Style {
    /// Plain text of `size`.
    pub const fn of(size: f32, ink: Ink) -> Self {
        Self { size, ink, tracking: 0.0, heavy: false }
    }

    /// The same, heavier.
    pub const fn heavy(self) -> Self {
        Self { heavy: true, ..self }
    }

    /// The same with `tracking` ems between characters.
    pub const fn tracked(self, tracking: f32) -> Self {
        Self { tracking, ..self }
    }

    /// The same in another size.
    pub const fn sized(self, size: f32) -> Self {
        Self { size, ..self }
    }
}

/// Where a text stands in the width it's given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// At its left.
    Left,
    /// In its middle.
    Centre,
    /// At its right.
    Right,
}

/// Writes and draws on one page.
pub(crate) struct Pen<'a, 'b> {
    surface: &'a mut Surface<'b>,
    /// The font.
    pub face: &'static Face,
}

impl<'a, 'b> Pen<'a, 'b> {
    /// A pen for `surface`.
    pub fn new(surface: &'a mut Surface<'b>, face: &'static Face) -> Self {
        Self { surface, face }
    }

    /// How wide `text` is.
    pub fn width(&self, style: Style, text: &str) -> Result<f32, PrintError> {
        Ok(self.face.run(text, style.tracking)?.width * style.size)
    }

    /// Writes `text` on the base line `y`, from `x` on, and returns where it ends.
    pub fn text(&mut self, x: f32, y: f32, style: Style, text: &str) -> Result<f32, PrintError> {
        let run = self.face.run(text, style.tracking)?;
        let end = x + run.width * style.size;
        self.draw_run(x, y, style, text, &run);
        Ok(end)
    }

    /// Writes `text` on the base line `y` between `x` and `x + width`.
    pub fn aligned(
        &mut self,
        (x, width): (f32, f32),
        y: f32,
        style: Style,
        align: Align,
        text: &str,
    ) -> Result<(), PrintError> {
        let left = width - self.width(style, text)?;
        let indent = match align {
            Align::Left => 0.0,
            Align::Centre => left / 2.0,
            Align::Right => left,
        };
        self.text(x + indent, y, style, text)?;
        Ok(())
    }

    /// Writes `text` on the base line `y` so that its characters fill `width`, as labels of a form do.
    pub fn spread(
        &mut self,
        (x, width): (f32, f32),
        y: f32,
        style: Style,
        text: &str,
    ) -> Result<(), PrintError> {
        let gaps = text.chars().count().saturating_sub(1);
        let slack = width / style.size - self.face.width(text)?;
        // A line has some dozens of characters.
        #[allow(clippy::cast_precision_loss)]
        let tracking = if gaps == 0 { 0.0 } else { slack / gaps as f32 };
        self.text(x, y, style.tracked(tracking), text)?;
        Ok(())
    }

    fn draw_run(&mut self, x: f32, y: f32, style: Style, text: &str, run: &Run) {
        self.surface.set_fill(Some(style.ink.fill()));
        // What a heavier weight of this face adds to a stem, near enough.
        let stroke = style
            .heavy
            .then(|| Stroke { line_join: LineJoin::Round, ..style.ink.stroke(style.size * 0.022) });
        self.surface.set_stroke(stroke);
        let font = self.face.font.clone();
        self.surface.draw_glyphs(Point::from_xy(x, y), &run.glyphs, font, text, style.size, false);
    }

    /// Draws the outline of `path`.
    pub fn stroke(&mut self, path: &Path, ink: Ink, width: f32) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke { line_cap: LineCap::Square, ..ink.stroke(width) }));
        self.surface.draw_path(path);
    }

    /// Fills `path`.
    pub fn fill(&mut self, path: &Path, ink: Ink) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(ink.fill()));
        self.surface.draw_path(path);
    }

    /// A straight line.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), ink: Ink, width: f32) {
        let mut path = PathBuilder::new();
        path.move_to(from.0, from.1);
        path.line_to(to.0, to.1);
        if let Some(path) = path.finish() {
            self.stroke(&path, ink, width);
        }
    }

    /// The outline of a rectangle.
    pub fn frame(&mut self, area: Area, ink: Ink, width: f32) {
        if let Some(path) = area.path() {
            self.stroke(&path, ink, width);
        }
    }

    /// A filled rectangle.
    pub fn block(&mut self, area: Area, ink: Ink) {
        if let Some(path) = area.path() {
            self.fill(&path, ink);
        }
    }

    /// A picture, a JPEG, that fills `area`.
    pub fn picture(&mut self, area: Area, jpeg: Vec<u8>) -> Result<(), PrintError> {
        let image = krilla::image::Image::from_jpeg(jpeg.into(), false).map_err(PrintError::Document)?;
        let Some(size) = krilla::geom::Size::from_wh(area.width, area.height) else {
            return Err(PrintError::Document("a picture without a size".to_owned()));
        };
        self.surface.push_transform(&Transform::from_translate(area.x, area.y));
        self.surface.draw_image(image, size);
        self.surface.pop();
        Ok(())
    }

    /// Draws with `draw`, turned by `degrees` about `centre` and as translucent as `opacity` (0 to 1) says.
    pub fn turned<T>(
        &mut self,
        centre: (f32, f32),
        degrees: f32,
        opacity: f32,
        draw: impl FnOnce(&mut Pen<'_, 'b>) -> T,
    ) -> T {
        self.surface.push_transform(&Transform::from_rotate_at(degrees, centre.0, centre.1));
        self.surface.push_opacity(NormalizedF32::new(opacity).unwrap_or(NormalizedF32::ONE));
        let drawn = draw(&mut Pen { surface: self.surface, face: self.face });
        self.surface.pop();
        self.surface.pop();
        drawn
    }
}

/// A rectangle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Area {
    /// Its left.
    pub x: f32,
    /// Its top.
    pub y: f32,
    /// Its width.
    pub width: f32,
    /// Its height.
    pub height: f32,
}

impl Area {
    /// A rectangle.
    pub const fn new(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self { x, y, width, height }
    }

    /// The rectangle `by` inside of this one on each side; outside where that is negative.
    pub const fn inset(self, by: f32) -> Self {
        Self::new(self.x + by, self.y + by, self.width - 2.0 * by, self.height - 2.0 * by)
    }

    /// Its outline.
    pub fn path(self) -> Option<Path> {
        let mut path = PathBuilder::new();
        path.push_rect(Rect::from_xywh(self.x, self.y, self.width, self.height)?);
        path.finish()
    }
}
