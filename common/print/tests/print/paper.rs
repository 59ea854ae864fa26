//! Reading a document: its text by pdftotext, its pages by pdftoppm (Debian's poppler-utils), its QR code by rqrr.

use image::GrayImage;
use std::{env, fs, path::Path, process::Command};

/// How many grey levels a pixel may be off: another version of poppler smooths edges in another way.
const LEVELS: u8 = 40;
/// What share of a page's pixels may be off by more, in thousandths.
const THOUSANDTHS: usize = 4;

fn run(command: &mut Command) -> Vec<u8> {
    let name = command.get_program().to_owned();
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; apt-get install poppler-utils", name.display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn with_file<T>(pdf: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("document.pdf");
    fs::write(&path, pdf).unwrap();
    read(&path)
}

/// The text of `pdf`, in the order it was written: what is printed across a page isn't mixed with what it's across of.
pub fn text(pdf: &[u8]) -> String {
    let text = with_file(pdf, |path| {
        run(Command::new("pdftotext").args(["-raw", "-enc", "UTF-8"]).arg(path).arg("-"))
    });
    String::from_utf8(text).unwrap()
}

/// The same without blanks and line ends: labels are spread and long values wrapped.
pub fn squeezed(pdf: &[u8]) -> String {
    text(pdf).split_whitespace().collect()
}

/// How many pages `pdf` has.
pub fn pages(pdf: &[u8]) -> usize {
    // A form feed ends each page.
    text(pdf).matches('\u{c}').count()
}

/// Page `number` of `pdf`, from 1, at `dpi` dots an inch.
pub fn picture(pdf: &[u8], number: usize, dpi: u32) -> GrayImage {
    let (page, dpi) = (number.to_string(), dpi.to_string());
    let png = with_file(pdf, |path| {
        run(Command::new("pdftoppm").args(["-gray", "-png", "-r", &dpi, "-f", &page, "-l", &page]).arg(path))
    });
    image::load_from_memory(&png).unwrap().into_luma8()
}

/// What the one QR code on page `number` says.
pub fn qr(pdf: &[u8], number: usize) -> String {
    let picture = picture(pdf, number, 200);
    let (width, height) = picture.dimensions();
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(width as usize, height as usize, |x, y| {
            picture.get_pixel(x as u32, y as u32).0[0]
        });
    let grids = prepared.detect_grids();
    assert_eq!(grids.len(), 1, "one QR code on the page");
    grids[0].decode().unwrap().1
}

/// Compares page `number` of `pdf` with the reviewed picture of that name. With `REVIEW=1` it is written anew: then look
/// at it before it's checked in, and let `print::LAYOUT` grow.
pub fn reviewed(name: &str, pdf: &[u8], number: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(format!("{name}.png"));
    let page = picture(pdf, number, 72);
    if env::var_os("REVIEW").is_some() {
        page.save(&path).unwrap();
    }
    let expected = image::open(&path).unwrap().into_luma8();
    assert_eq!(page.dimensions(), expected.dimensions(), "{name}");
    let off = page.pixels().zip(expected.pixels()).filter(|(a, b)| a.0[0].abs_diff(b.0[0]) > LEVELS).count();
    let pixels = page.pixels().len();
    if off * 1000 > pixels * THOUSANDTHS {
        let kept = env::temp_dir().join(format!("{name}.now.png"));
        page.save(&kept).unwrap();
        panic!("{name}: {off} of {pixels} pixels are off; see {}", kept.display());
    }
}
