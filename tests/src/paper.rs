//! Reading what is printed: its text by pdftotext, its page by pdftoppm (Debian's poppler-utils), its QR code by rqrr.

use crate::Reply;
use std::{fs, path::Path, process::Command};

/// A PDF, the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper(pub Vec<u8>);

impl Paper {
    /// Fetches what `reply` has the address of at `url`, and sees to it that it's shown as a PDF whose name has `number`.
    pub async fn fetch(reply: &Reply, url: &str, number: &str) -> Self {
        let file = reqwest::get(reply.text(url)).await.expect("an answer");
        assert_eq!(file.status(), 200);
        assert_eq!(file.headers()["content-type"], "application/pdf");
        let name = file.headers()["content-disposition"].to_str().expect("a name").to_owned();
        assert!(name.starts_with("inline;") && name.contains(number), "{name}");
        Self(file.bytes().await.expect("a file").to_vec())
    }

    /// Its text without blanks and line ends, in the order it was written: labels are spread.
    pub fn text(&self) -> String {
        self.pages().split_whitespace().collect()
    }

    /// Its text, with a form feed at each page's end.
    fn pages(&self) -> String {
        let text = self
            .read(|path| run(Command::new("pdftotext").args(["-raw", "-enc", "UTF-8"]).arg(path).arg("-")));
        String::from_utf8(text).expect("UTF-8")
    }

    /// What the one QR code on its last page says.
    pub fn qr(&self) -> String {
        let last = self.pages().matches('\u{c}').count().to_string();
        let page = ["-f", &last, "-l", &last];
        let png = self.read(|path| {
            run(Command::new("pdftoppm").args(["-gray", "-png", "-r", "200"]).args(page).arg(path))
        });
        let page = image::load_from_memory(&png).expect("a picture").into_luma8();
        let (width, height) = (page.width() as usize, page.height() as usize);
        let grey = |x: usize, y: usize| page.as_raw()[y * width + x];
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
        let codes = prepared.detect_grids();
        assert_eq!(codes.len(), 1, "one QR code on the page");
        codes[0].decode().expect("a code that can be read").1
    }

    /// The statement in its QR code, which leads to the portal.
    pub fn statement(&self) -> String {
        let code = self.qr();
        let statement = code.strip_prefix("https://registry.example.com/verify?s=");
        statement.unwrap_or_else(|| panic!("{code}")).to_owned()
    }

    fn read(&self, reader: impl FnOnce(&Path) -> Vec<u8>) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("certificate.pdf");
        fs::write(&path, &self.0).expect("room");
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
