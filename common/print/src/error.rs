//! Why a document can't be printed.

use std::fmt;

/// Why a document can't be printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The font lacks characters. Printed, each would be an empty box, so nothing is.
    #[error("打印字库中没有{}中的{characters}，无法打印，请联系登记管理机构处理", .place.unwrap_or("文本"))]
    Characters {
        /// What they stand in, as people call it: 姓名 say. None where that is no field of a record.
        place: Option<&'static str>,
        /// The characters.
        characters: Characters,
    },
    /// The photo is no JPEG or PNG that can be read, or is damaged.
    #[error("登记照片无法读取，请联系登记管理机构更换照片")]
    Photo(#[source] image::ImageError),
    /// The photo is larger than is decoded; see [`crate::MAX_PHOTO_SIDE`].
    #[error("登记照片的尺寸过大（每边最多 {max} 像素），请联系登记管理机构更换照片")]
    PhotoTooLarge {
        /// The longest side that is decoded, in pixels.
        max: u32,
    },
    /// What the QR code is to say doesn't fit into one that can be read from paper.
    #[error("二维码内容过长")]
    QrContent(#[source] qrcode::types::QrError),
    /// The document could not be put together: a defect here, nothing that the caller can change.
    #[error("the document can't be put together: {0}")]
    Document(String),
}

impl PrintError {
    /// Stable name in problem replies and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Characters { .. } => "print_character_unavailable",
            Self::Photo(_) => "print_photo_unreadable",
            Self::PhotoTooLarge { .. } => "print_photo_too_large",
            Self::QrContent(_) => "print_qr_content",
            Self::Document(_) => "print_document",
        }
    }
}

/// Characters that the font lacks, each once, in the order they were met. Shown as `“𠀀”（U+20000）`: who reads of one may
/// not have a font for it either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Characters(pub Vec<char>);

impl fmt::Display for Characters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, character) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("、")?;
            }
            write!(f, "“{character}”（U+{:04X}）", u32::from(*character))?;
        }
        Ok(())
    }
}
