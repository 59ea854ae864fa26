//! What a script finds wrong with a page.

use crate::browser::{Browser, Screen};
use serde_json::Value;

/// A page looked at on one screen.
pub struct Look {
    /// Texts that aren't to be seen.
    pub hidden: Vec<String>,
    /// What is wrong, each in words.
    pub faults: Vec<String>,
}

impl Look {
    /// Opens `url` in `browser` on `screen` and looks at all of it.
    pub fn at(browser: &mut Browser, url: &str, screen: Screen) -> Self {
        let asked = browser.open(url, screen);
        let mut look = Self::taken(browser);
        look.faults.extend(asked.iter().map(|asked| format!("it asks for {asked}")));
        look
    }

    /// Looks at the page that is open on another `screen`.
    pub fn again(browser: &mut Browser, screen: Screen) -> Self {
        browser.show(screen);
        Self::taken(browser)
    }

    fn taken(browser: &mut Browser) -> Self {
        let found = browser.run(include_str!("look.js"));
        let texts = |of: &Value| -> Vec<String> {
            of.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        Self { hidden: texts(&found["hidden"]), faults: texts(&found["faults"]) }
    }
}
