//! Which of WeChat's templates are used for what, as configuration lists them: which fact goes under which key.
//!
//! ```json
//! { "wx1234": { "review": { "template_id": "zun-Lz…", "page": "pages/index/index",
//!     "data": { "thing1": "matter", "phrase2": "outcome", "time3": "at", "thing4": "=请在小程序中查看" } } } }
//! ```
//!
//! A text after `=` is sent as it stands, for keys that a template has and we have nothing for.

use super::{Fact, Told, Topic, Unfit, ValueKind};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// WeChat's name for a template: 1 to 64 letters, digits, `-` or `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TemplateId(String);

impl TemplateId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TemplateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<TemplateId> for String {
    fn from(id: TemplateId) -> Self {
        id.0
    }
}

impl TryFrom<String> for TemplateId {
    type Error = InvalidTemplates;

    fn try_from(text: String) -> Result<Self, InvalidTemplates> {
        if is_name(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidTemplates("a template_id has 1 to 64 letters, digits, `-` or `_`".to_owned()))
        }
    }
}

/// What a key of a template is filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// A fact of the message.
    Fact(Fact),
    /// The same text each time.
    Text(String),
}

/// A template in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// WeChat's name for it.
    pub id: TemplateId,
    /// The page of the mini-program that a message opens.
    pub page: Option<String>,
    /// Its keys.
    data: Vec<(String, ValueKind, Source)>,
}

impl Template {
    /// Its keys, such as `thing1`, in the order of the alphabet.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.data.iter().map(|(key, _, _)| key.as_str())
    }

    /// The values of a message that tells `told`, each within its key's limits.
    ///
    /// # Errors
    ///
    /// The key whose value can't be made to fit.
    pub fn fill(&self, told: &Told) -> Result<BTreeMap<String, String>, (String, Unfit)> {
        let value = |(key, kind, source): &(String, ValueKind, Source)| {
            let text = match source {
                Source::Fact(fact) => {
                    told.facts.get(fact).ok_or(Unfit::Empty).and_then(|text| kind.fit(text))
                }
                Source::Text(text) => Ok(text.clone()),
            };
            text.map(|text| (key.clone(), text)).map_err(|unfit| (key.clone(), unfit))
        };
        self.data.iter().map(value).collect()
    }
}

/// The templates of each mini-program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates(BTreeMap<String, BTreeMap<Topic, Template>>);

impl Templates {
    /// Those of the mini-program `app_id`.
    pub fn of(&self, app_id: &str) -> Option<&BTreeMap<Topic, Template>> {
        self.0.get(app_id)
    }

    /// The mini-programs that have any.
    pub fn apps(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is wrong with a configuration of templates, and where. There is nothing secret in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidTemplates(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    template_id: TemplateId,
    page: Option<String>,
    data: BTreeMap<String, String>,
}

impl FromStr for Templates {
    type Err = InvalidTemplates;

    fn from_str(text: &str) -> Result<Self, InvalidTemplates> {
        let entries: BTreeMap<String, BTreeMap<Topic, Entry>> =
            serde_json::from_str(text).map_err(|error| InvalidTemplates(error.to_string()))?;
        let mut templates = BTreeMap::new();
        for (app, topics) in entries {
            if !is_name(&app) {
                return Err(InvalidTemplates("an app id has 1 to 64 letters, digits, `-` or `_`".to_owned()));
            }
            let mut of_app: BTreeMap<Topic, Template> = BTreeMap::new();
            for (topic, entry) in topics {
                let wrong = |why: String| InvalidTemplates(format!("{app}, {}: {why}", topic.key()));
                if of_app.values().any(|other| other.id == entry.template_id) {
                    return Err(wrong("another topic has the same template_id".to_owned()));
                }
                of_app.insert(topic, read(topic, entry).map_err(wrong)?);
            }
            templates.insert(app, of_app);
        }
        Ok(Self(templates))
    }
}

fn read(topic: Topic, entry: Entry) -> Result<Template, String> {
    if entry.data.is_empty() {
        return Err("data has no keys".to_owned());
    }
    let mut data = Vec::with_capacity(entry.data.len());
    for (key, source) in entry.data {
        let kind = ValueKind::of_key(&key)
            .ok_or_else(|| format!("{key} is no key of a template, such as thing1 or date2"))?;
        let source = match source.strip_prefix('=') {
            Some(text) if kind.fit(text).is_ok_and(|fitted| fitted == text) => Source::Text(text.to_owned()),
            Some(_) => return Err(format!("the text of {key} doesn't keep to the key's limits")),
            None => Source::Fact(fact(topic, &key, kind, &source)?),
        };
        data.push((key, kind, source));
    }
    Ok(Template { id: entry.template_id, page: entry.page, data })
}

/// The fact `name` of `topic`, where a key of `kind` can hold it.
fn fact(topic: Topic, key: &str, kind: ValueKind, name: &str) -> Result<Fact, String> {
    let facts = topic.facts();
    let Some(fact) = facts.iter().find(|fact| fact.key() == name) else {
        let names: Vec<_> = facts.iter().map(|fact| fact.key()).collect();
        return Err(format!("{key} asks for {name}; there is {}, or a text after `=`", names.join(", ")));
    };
    if fact.fits(kind) { Ok(*fact) } else { Err(format!("{key} can't hold {name}")) }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
