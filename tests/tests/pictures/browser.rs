//! A browser to look at pages with: Chromium without a window, spoken to in its DevTools protocol over two pipes.
//!
//! A phone is 390 CSS pixels wide and lays pages out as phones do (`Emulation.setDeviceMetricsOverride`); a window of that
//! width wouldn't be one, since no window of Chromium's is narrower than some 500.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// What a machine needs that these pictures are taken on.
const INSTALL: &str = "apt-get install chromium fonts-noto-cjk";
/// What it's called. The first that there is, is used.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// The family that Chinese text is shown in.
const FAMILY: &str = "Noto Sans CJK SC";
/// How long an answer may take, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);
/// Nothing that asks the network, and letters that look the same on every machine.
const ARGUMENTS: [&str; 19] = [
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--font-render-hinting=none",
    "--disable-lcd-text",
    // A frame is drawn with its page, and not by a process of its own some time later.
    "--disable-features=IsolateSandboxedIframes",
    "--disable-site-isolation-trials",
];

/// What a page is looked at on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Its width in CSS pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// A phone's, which takes the page's own word for how wide it is to be laid out.
    pub phone: bool,
    /// True where its owner likes a dark ground.
    pub dark: bool,
}

impl Screen {
    /// A phone of the usual width.
    pub const PHONE: Self = Self { width: 390, height: 844, phone: true, dark: false };
    /// The narrowest phone there still is.
    pub const SMALL: Self = Self { width: 320, height: 568, ..Self::PHONE };
    /// A desktop.
    pub const DESKTOP: Self = Self { width: 1280, height: 800, phone: false, dark: false };

    /// The same at night.
    #[must_use]
    pub fn dark(self) -> Self {
        Self { dark: true, ..self }
    }

    /// The same as tall as a page of `height`.
    fn of_height(self, height: u64) -> Self {
        Self { height: u32::try_from(height).unwrap_or(u32::MAX), ..self }
    }
}

/// A browser with one page open. It ends when it's dropped.
pub struct Browser {
    process: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    events: Vec<Value>,
    session: Option<String>,
    calls: u64,
    _profile: TempDir,
}

impl Browser {
    /// Starts one. A test can't go without it.
    ///
    /// # Panics
    ///
    /// Where there is none, or no Chinese font, with what to install.
    pub fn start() -> Self {
        let program = program().unwrap_or_else(|| panic!("no Chromium is installed: {INSTALL}"));
        let profile = tempfile::tempdir().expect("a folder");
        // The protocol is spoken on descriptors 3 and 4, which a shell can hand over.
        let mut process = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#])
            .arg(program)
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let to = process.stdin.take().expect("a pipe");
        let mut pipe = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, from) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while pipe.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { break };
                if sender.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let (events, session, calls) = (Vec::new(), None, 0);
        let mut browser = Self { process, to, from, events, session, calls, _profile: profile };
        let page = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": page["targetId"], "flatten": true });
        browser.session =
            browser.call("Target.attachToTarget", &attach)["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Network", "Runtime", "DOM", "CSS"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser.assert_font();
        browser
    }

    /// Another font has other widths, so that every line would end elsewhere.
    fn assert_font(&mut self) {
        let page = format!("<!doctype html><meta charset=utf-8><p style=\"font-family:'{FAMILY}'\">社工");
        self.open(&format!("data:text/html;base64,{}", STANDARD.encode(page)), Screen::PHONE);
        let root = self.call("DOM.getDocument", &json!({}))["root"]["nodeId"].clone();
        let select = json!({ "nodeId": root, "selector": "p" });
        let node = self.call("DOM.querySelector", &select)["nodeId"].clone();
        let fonts = self.call("CSS.getPlatformFontsForNode", &json!({ "nodeId": node }))["fonts"].clone();
        let families: Vec<_> =
            fonts.as_array().into_iter().flatten().map(|font| &font["familyName"]).collect();
        assert_eq!(families, [FAMILY], "the font of the pictures isn't installed: {INSTALL}");
    }

    /// Opens `url` on `screen`. Gives each address that the page asked for besides its own.
    pub fn open(&mut self, url: &str, screen: Screen) -> Vec<String> {
        self.set(screen);
        self.events.clear();
        self.call("Page.navigate", &json!({ "url": url }));
        self.wait("Page.loadEventFired");
        self.run("document.fonts.ready");
        self.show(screen);
        let asked = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        let asked = asked.filter_map(|event| event["params"]["request"]["url"].as_str());
        // Its own address, and the one that no page names.
        let known = |asked: &str| {
            asked.trim_end_matches('/') == url
                || asked.starts_with("data:")
                || asked.ends_with("/favicon.ico")
        };
        asked.filter(|asked| !known(asked)).map(str::to_owned).collect()
    }

    /// Shows the page that is open on `screen`, whole: however long it is, nothing of it has to be scrolled to.
    pub fn show(&mut self, screen: Screen) {
        self.set(screen);
        // A frame is as tall as its window lets it be, so that is left as it is.
        let height = "document.querySelector('iframe') ? 0 : document.documentElement.scrollHeight";
        let height = self.run(height).as_u64().expect("a height");
        if height > screen.height.into() {
            self.set(screen.of_height(height));
        }
    }

    fn set(&mut self, screen: Screen) {
        let scheme = if screen.dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "features": features }));
        let metrics = json!({
            "width": screen.width, "height": screen.height, "deviceScaleFactor": 1, "mobile": screen.phone,
        });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// A picture of the page's uppermost `height` pixels, as PNG.
    pub fn picture(&mut self, screen: Screen, height: u32) -> Vec<u8> {
        let whole = self.run("Math.max(innerHeight, document.documentElement.scrollHeight)");
        let height = whole.as_u64().expect("a height").min(height.into());
        let clip = json!({ "x": 0, "y": 0, "width": screen.width, "height": height, "scale": 1 });
        let how = json!({ "format": "png", "clip": clip, "captureBeyondViewport": true });
        let shot = self.call("Page.captureScreenshot", &how);
        STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64")
    }

    /// What `script` gives, awaited.
    pub fn run(&mut self, script: &str) -> Value {
        let arguments = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let mut outcome = self.call("Runtime.evaluate", &arguments);
        assert!(outcome.get("exceptionDetails").is_none(), "{script}: {outcome}");
        outcome["result"]["value"].take()
    }

    /// One call of the protocol.
    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).unwrap_or_else(|error| panic!("Chromium has ended: {error}; {INSTALL}"));
        loop {
            let mut answer = self.next(method);
            if answer["id"] == self.calls {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.events.push(answer);
        }
    }

    fn wait(&mut self, event: &str) {
        while !self.events.iter().any(|seen| seen["method"] == event) {
            let next = self.next(event);
            self.events.push(next);
        }
    }

    fn next(&mut self, what: &str) -> Value {
        let next = self.from.recv_timeout(PATIENCE);
        next.unwrap_or_else(|error| panic!("{what}: Chromium says nothing: {error}; {INSTALL}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The browser's path.
fn program() -> Option<std::path::PathBuf> {
    let path = env::var_os("PATH")?;
    let mut places =
        NAMES.iter().flat_map(|name| env::split_paths(&path).map(move |folder| folder.join(name)));
    places.find(|place| place.is_file())
}
