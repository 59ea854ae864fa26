//! Reading a certificate: its text by pdftotext, its page by pdftoppm (Debian's poppler-utils), its QR code by rqrr.

use std::{fs, path::Path, process::Command};

/// A certificate, the file.
#[derive(PartialEq, Eq)]
pub struct Paper(pub Vec<u8>);

impl Paper {
    /// Its text without blanks and line ends, in the order it was written: labels are spread.
    pub fn text(&self) -> String {
        let text = self
            .read(|path| run(Command::new("pdftotext").args(["-raw", "-enc", "UTF-8"]).arg(path).arg("-")));
        String::from_utf8(text).unwrap().split_whitespace().collect()
    }

    /// What the one QR code on its page says.
    pub fn qr(&self) -> String {
        let png =
            self.read(|path| run(Command::new("pdftoppm").args(["-gray", "-png", "-r", "200"]).arg(path)));
        let page = image::load_from_memory(&png).unwrap().into_luma8();
        let (width, height) = (page.width() as usize, page.height() as usize);
        let grey = |x: usize, y: usize| page.as_raw()[y * width + x];
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
        let codes = prepared.detect_grids();
        assert_eq!(codes.len(), 1, "one QR code on the page");
        codes[0].decode().unwrap().1
    }

    fn read(&self, reader: impl FnOnce(&Path) -> Vec<u8>) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("certificate.pdf");
        fs::write(&path, &self.0).unwrap();
        reader(&path)
    }
}

fn run(command: &mut Command) -> Vec<u8> {
    let name = command.get_program().display().to_string();
    let output =
        command.output().unwrap_or_else(|error| panic!("{name}: {error}; apt-get install poppler-utils"));
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
