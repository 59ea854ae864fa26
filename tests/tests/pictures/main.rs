//! Mails and the pages of the mailbox as they are seen: in a browser, on a phone and on a desktop, by day and by night.
//!
//! Each form of each mail is looked at by a script (`look.js`), which finds what is cut off, covered, too small or too
//! faint, or asked for from elsewhere. Of those that differ in how they look, pictures are compared with approved ones, which are
//! in `reviewed/`. `REVIEW=1` takes them anew. Chromium and a Chinese font are needed: `apt-get install chromium
//! fonts-noto-cjk`.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod browser;
mod faults;
mod look;
mod mails;
mod pages;
mod picture;
mod post;
#[path = "../../../common/src/notify/tests/samples.rs"]
mod samples;

use browser::{Browser, Screen};
use look::Look;
use std::path::Path;

/// How much of a page is in its picture: what comes below looks like what is above.
const TALLEST: u32 = 2400;

/// Takes `picture`s of the page at `url` on each of `screens` and compares them with what was approved; tells the outcome to
/// `wrong`.
fn pictures(
    browser: &mut Browser,
    url: &str,
    name: &str,
    screens: &[(&str, Screen)],
    wrong: &mut Vec<String>,
) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures/reviewed");
    for (on, screen) in screens {
        let look = Look::at(browser, url, *screen);
        wrong.extend(look.faults.iter().map(|fault| format!("{name} on a {on}: {fault}")));
        let png = browser.picture(*screen, TALLEST);
        wrong.extend(picture::reviewed(&folder, &format!("{name}-{on}"), &png).err());
    }
}
