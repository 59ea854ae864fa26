//! Photos as they come from phones and scanners.

use crate::{
    paper,
    sheets::{self, encoded, portrait},
};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use print::{PrintError, certificate};

/// The darkest and the lightest grey of the photo's place on the page, away from its edges.
fn greys(pdf: &[u8]) -> Vec<u8> {
    let page = paper::picture(pdf, 1, 72);
    (110..190).flat_map(|x| (175..300).map(move |y| (x, y))).map(|(x, y)| page.get_pixel(x, y).0[0]).collect()
}

#[test]
fn five_megabytes_of_photo_make_a_small_certificate() {
    // Noise, which compresses worst, in the size that phones have.
    let mut state = 1_u32;
    let noise = RgbImage::from_fn(2400, 3200, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grey = (state >> 24) as u8;
        Rgb([grey, grey.wrapping_mul(3), 255 - grey])
    });
    let mut jpeg = Vec::new();
    let quality = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 62);
    noise.write_with_encoder(quality).unwrap();
    assert!(jpeg.len() > 4_500_000, "{}", jpeg.len());
    let pdf = certificate(&sheets::certificate("欧阳慧敏", Some(&jpeg))).unwrap();
    assert!(pdf.len() < 300_000, "{}", pdf.len());
}

#[test]
fn a_transparent_photo_is_printed_on_white() {
    let clear = RgbaImage::from_pixel(413, 579, Rgba([0, 0, 0, 0]));
    let png = encoded(clear, ImageFormat::Png);
    let pdf = certificate(&sheets::certificate("张伟", Some(&png))).unwrap();
    assert!(greys(&pdf).into_iter().all(|grey| grey > 250));
}

#[test]
fn a_photo_of_another_shape_is_shown_whole() {
    // Across: a red edge left and right that a cut would take away, on black.
    let wide =
        RgbImage::from_fn(
            1200,
            600,
            |x, _| if (60..1140).contains(&x) { Rgb([0; 3]) } else { Rgb([255; 3]) },
        );
    let png = encoded(wide, ImageFormat::Png);
    let pdf = certificate(&sheets::certificate("张伟", Some(&png))).unwrap();
    let page = paper::picture(&pdf, 1, 72);
    let middle: Vec<u8> = (103..199).map(|x| page.get_pixel(x, 237).0[0]).collect();
    let dark = middle.iter().filter(|grey| **grey < 40).count();
    assert!((82..92).contains(&dark), "{dark} of {} are dark", middle.len());
}

#[test]
fn a_photo_taken_with_the_camera_on_its_side_is_turned_upright() {
    // Lying: the head to the left. EXIF says that it's to be turned clockwise.
    let lying = DynamicImage::from(portrait(600, 840)).rotate270();
    let jpeg = encoded(lying.clone(), ImageFormat::Jpeg);
    let turned = with_orientation(&jpeg, 6);
    let upright = encoded(portrait(600, 840), ImageFormat::Jpeg);
    let print = |photo: &[u8]| greys(&certificate(&sheets::certificate("张伟", Some(photo))).unwrap());
    let off = |a: Vec<u8>, b: Vec<u8>| a.into_iter().zip(b).filter(|(a, b)| a.abs_diff(*b) > 30).count();
    assert!(off(print(&turned), print(&upright)) < 300);
    assert!(off(print(&jpeg), print(&upright)) > 2000);
}

/// `jpeg` with an EXIF block that gives this orientation.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut tiff = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let mut out = jpeg[..2].to_vec();
    out.extend([0xFF, 0xE1]);
    out.extend(u16::try_from(tiff.len() + 2).unwrap().to_be_bytes());
    out.extend(tiff);
    out.extend(&jpeg[2..]);
    out
}

#[test]
fn what_is_no_photo_or_a_bomb_is_refused_before_it_is_decoded() {
    let print = |photo: &[u8]| certificate(&sheets::certificate("张伟", Some(photo))).unwrap_err();
    assert!(matches!(print(b"%PDF-1.7"), PrintError::Photo(_)));
    let whole = encoded(portrait(100, 140), ImageFormat::Png);
    let broken = print(&whole[..whole.len() / 2]);
    assert!(matches!(broken, PrintError::Photo(_)), "{broken}");
    assert_eq!(broken.code(), "print_photo_unreadable");
    // A few bytes that say they're of 40,000 × 40,000 pixels; and of 9,000 × 9,000, which no memory here is meant for.
    for side in [40_000_u32, 9_000] {
        let mut bomb = whole.clone();
        bomb[16..20].copy_from_slice(&side.to_be_bytes());
        bomb[20..24].copy_from_slice(&side.to_be_bytes());
        let crc = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        let refused = print(&bomb);
        assert!(matches!(refused, PrintError::PhotoTooLarge { max: 10_000 }), "{side}: {refused:?}");
    }
}

/// The checksum that PNG puts after each chunk.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}
