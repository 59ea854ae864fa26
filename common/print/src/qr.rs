//! QR codes, drawn as shapes: sharp at any size.

use crate::{
    error::PrintError,
    pen::{Area, Ink, Pen},
};
use krilla::geom::{PathBuilder, Rect};
use qrcode::{Color, EcLevel, QrCode};

/// The white border that a reader needs, in modules (ISO/IEC 18004).
const QUIET: f32 = 4.0;
/// How far a module reaches into the next row, in modules: without it, viewers show hairlines between rows.
const OVERLAP: f32 = 0.02;

/// Draws `content` into `area`, a square, with its white border inside of it.
pub(crate) fn draw(pen: &mut Pen<'_, '_>, area: Area, content: &str) -> Result<(), PrintError> {
    // M: 15 % of it may be soiled, and the modules stay large enough for a phone.
    let code = QrCode::with_error_correction_level(content, EcLevel::M).map_err(PrintError::QrContent)?;
    let side = code.width();
    // At most 177 modules.
    #[allow(clippy::cast_precision_loss)]
    let module = area.width / (side as f32 + 2.0 * QUIET);
    let mut path = PathBuilder::new();
    for (y, row) in code.to_colors().chunks(side).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(PartialEq::eq) {
            if run.first() == Some(&Color::Dark) {
                #[allow(clippy::cast_precision_loss)]
                let (left, top, length) = (x as f32 + QUIET, y as f32 + QUIET, run.len() as f32);
                let rect = Rect::from_xywh(
                    area.x + left * module,
                    area.y + top * module,
                    length * module,
                    (1.0 + OVERLAP) * module,
                );
                path.push_rect(rect.ok_or_else(|| PrintError::Document("a QR code without a size".into()))?);
            }
            x += run.len();
        }
    }
    pen.block(area, Ink::WHITE);
    if let Some(path) = path.finish() {
        pen.fill(&path, Ink::BLACK);
    }
    Ok(())
}
