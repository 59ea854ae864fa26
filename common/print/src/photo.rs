//! The holder's photo, as it's printed: upright, at the resolution that a printer shows, small.

use crate::error::PrintError;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, RgbImage, codecs::jpeg::JpegEncoder,
    error::LimitErrorKind, imageops::FilterType,
};
use std::io::Cursor;

/// The longest side of a photo that is decoded, in pixels. Phones take pictures of half of that.
pub const MAX_PHOTO_SIDE: u32 = 10_000;
/// Memory that decoding may take, in bytes: some 40 megapixels. A file of a few kilobytes can claim to be far more.
const MAX_DECODED: u64 = 128 << 20;
/// Two inches (35 mm × 49 mm) at 300 dots an inch, in pixels.
const BOX: (u32, u32) = (413, 579);
/// How much of a photo's width or height may be cut off to fill the box: formats that are nearly its own. Anything else
/// is shown whole, with white beside it, since what is cut off might be the holder.
const CUT: f32 = 0.12;
/// What a photo may take of the document, in bytes; rarely reached, by noise.
const MAX_BYTES: usize = 120_000;
/// JPEG qualities, tried in this order until one is small enough. The last one is taken as it is.
const QUALITIES: [u8; 4] = [90, 80, 65, 45];

/// `bytes`, a JPEG or PNG, as the JPEG that is printed. The same bytes make the same photo.
pub(crate) fn prepare(bytes: &[u8]) -> Result<Vec<u8>, PrintError> {
    let photo = fit(&decode(bytes).map_err(refusal)?);
    let mut jpeg = Vec::new();
    for quality in QUALITIES {
        jpeg.clear();
        photo.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, quality)).map_err(refusal)?;
        if jpeg.len() <= MAX_BYTES {
            break;
        }
    }
    Ok(jpeg)
}

fn refusal(error: ImageError) -> PrintError {
    match &error {
        ImageError::Limits(limit)
            if matches!(
                limit.kind(),
                LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory
            ) =>
        {
            PrintError::PhotoTooLarge { max: MAX_PHOTO_SIDE }
        }
        _ => PrintError::Photo(error),
    }
}

/// The picture, upright as the camera says, on white where it's transparent.
fn decode(bytes: &[u8]) -> Result<DynamicImage, ImageError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_PHOTO_SIDE);
    limits.max_image_height = Some(MAX_PHOTO_SIDE);
    limits.max_alloc = Some(MAX_DECODED);
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // Said before anything is decoded: not every format's decoder counts what it takes by itself.
    limits.check_dimensions(decoder.dimensions().0, decoder.dimensions().1)?;
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    // Scaled before it's turned and blended: both then work on a fraction of it. Twice the box keeps what the second,
    // finer scaling needs.
    if picture.width() > BOX.1 * 4 || picture.height() > BOX.1 * 4 {
        picture = picture.thumbnail(BOX.1 * 2, BOX.1 * 2);
    }
    picture.apply_orientation(orientation);
    Ok(on_white(picture))
}

fn on_white(picture: DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8().into();
    }
    let mut picture = picture.into_rgba8();
    let mut opaque = RgbImage::new(picture.width(), picture.height());
    for (from, to) in picture.pixels_mut().zip(opaque.pixels_mut()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        // Rounded; never above 255.
        to.0 = [red, green, blue]
            .map(|part| u8::try_from((part * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX));
    }
    opaque.into()
}

/// The picture in the box.
fn fit(picture: &DynamicImage) -> DynamicImage {
    let (width, height) = BOX;
    // Sides are of at most `MAX_PHOTO_SIDE` pixels, exact in an `f32`.
    #[allow(clippy::cast_precision_loss)]
    let ratio = (picture.width() as f32 / picture.height() as f32) / (width as f32 / height as f32);
    if (1.0 - CUT..=1.0 / (1.0 - CUT)).contains(&ratio) {
        return picture.resize_to_fill(width, height, FilterType::CatmullRom);
    }
    let whole = picture.resize(width, height, FilterType::CatmullRom);
    let mut on = RgbImage::from_pixel(width, height, image::Rgb([255; 3]));
    let (left, top) = ((width - whole.width()) / 2, (height - whole.height()) / 2);
    image::imageops::replace(&mut on, &whole.to_rgb8(), i64::from(left), i64::from(top));
    on.into()
}
