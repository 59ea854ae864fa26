//! Pictures of pages beside the ones that were looked at and approved.

use image::{DynamicImage, GenericImageView, RgbImage, imageops::FilterType};
use std::{collections::HashMap, env, fs, io::BufWriter, path::Path};

/// The side of the squares that are compared, in pixels: a letter and its edges come to much the same in one, whatever
/// version of the font or the browser drew it, and a line that ends elsewhere doesn't.
const SQUARE: u32 = 8;
/// How far a square's colour may be off, of 255.
const OFF: u8 = 24;
/// What share of the squares may be off by more, in thousandths.
const THOUSANDTHS: usize = 5;
/// By how many pixels one may be taller.
const TALLER: u32 = 4;

/// What is wrong with `now` beside `approved`.
///
/// # Errors
///
/// In words.
pub fn compare(approved: &DynamicImage, now: &DynamicImage) -> Result<(), String> {
    let ((width, height), (width_now, height_now)) = (approved.dimensions(), now.dimensions());
    if width != width_now || height.abs_diff(height_now) > TALLER {
        return Err(format!("{width}×{height} pixels were approved, these are {width_now}×{height_now}"));
    }
    let (columns, rows) = (width / SQUARE, height.min(height_now) / SQUARE);
    let squares = |picture: &DynamicImage| {
        let even = picture.crop_imm(0, 0, columns * SQUARE, rows * SQUARE);
        even.resize_exact(columns, rows, FilterType::Triangle).into_rgb8()
    };
    let (approved, now) = (squares(approved), squares(now));
    let pairs = approved.pixels().zip(now.pixels());
    let off = pairs.filter(|(one, other)| (0..3).any(|of| one.0[of].abs_diff(other.0[of]) > OFF)).count();
    let all = (columns * rows) as usize;
    if off * 1000 > all * THOUSANDTHS {
        return Err(format!("{off} of {all} squares look different"));
    }
    Ok(())
}

/// Compares `png` with the approved picture `name` in `folder`. With `REVIEW=1` it becomes that: then look at it before
/// it's checked in.
///
/// # Errors
///
/// What is different, and where the new picture is.
pub fn reviewed(folder: &Path, name: &str, png: &[u8]) -> Result<(), String> {
    let now = image::load_from_memory(png).expect("a picture");
    let path = folder.join(format!("{name}.png"));
    if env::var_os("REVIEW").is_some() {
        write(&path, &now.into_rgb8());
        return Ok(());
    }
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.now.png"));
    let outcome = match image::open(&path) {
        Ok(approved) => compare(&approved, &now),
        Err(error) => Err(format!("nothing was approved: {error}")),
    };
    outcome.map_err(|what| {
        write(&kept, &now.to_rgb8());
        format!("{name}: {what}; see {}, and take it with REVIEW=1 if it's right", kept.display())
    })
}

/// As a small file: 256 colours are enough for letters on plain ground.
fn write(path: &Path, picture: &RgbImage) {
    let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
    picture.pixels().for_each(|pixel| *counts.entry(pixel.0).or_default() += 1);
    let mut colours: Vec<_> = counts.into_iter().collect();
    colours.sort_unstable_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    let palette: Vec<_> = colours.iter().take(256).map(|(colour, _)| *colour).collect();
    let distance = |one: &[u8; 3], other: &[u8; 3]| -> u32 {
        one.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(*other)).pow(2)).sum()
    };
    let nearest = colours.iter().map(|(colour, _)| {
        let index = (0..palette.len()).min_by_key(|index| distance(&palette[*index], colour));
        (*colour, u8::try_from(index.expect("a colour")).expect("256 of them"))
    });
    let nearest: HashMap<_, _> = nearest.collect();
    let file = fs::File::create(path).expect("a file");
    let mut encoder = png::Encoder::new(BufWriter::new(file), picture.width(), picture.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let indices: Vec<u8> = picture.pixels().map(|pixel| nearest[&pixel.0]).collect();
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&indices).expect("a picture");
}
