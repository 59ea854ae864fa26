//! The templates of subscribe messages, from `WECHAT_TEMPLATES`: JSON, or the same in base 64, since a deployment's
//! parameters lose their quotes on the way.

use crate::config::{ConfigError, Env};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::subscription::Templates;

const NAME: &str = "WECHAT_TEMPLATES";
const PURPOSE: &str = "the templates of subscribe messages, as JSON or as JSON in base 64";

/// The error that `WECHAT_TEMPLATES` can't be used, and why.
pub(crate) fn unusable(why: String) -> ConfigError {
    ConfigError::Malformed { name: NAME, purpose: PURPOSE, why }
}

/// The templates that `env` lists; none where it lists none.
///
/// # Errors
///
/// Where they can't be used, with what is wrong where.
pub fn templates_from(env: &Env) -> Result<Templates, ConfigError> {
    let Some(text) = env.get(NAME) else { return Ok(Templates::default()) };
    let text = text.trim();
    if text.starts_with('{') {
        return text
            .parse()
            .map_err(|error: domain::subscription::InvalidTemplates| unusable(error.to_string()));
    }
    let decoded = BASE64_STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let json = decoded.ok_or_else(|| unusable("neither JSON nor base 64".to_owned()))?;
    json.parse().map_err(|error: domain::subscription::InvalidTemplates| unusable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Templates, ConfigError> {
        templates_from(&Env::of([(NAME.to_owned(), text.to_owned())]))
    }

    #[test]
    fn templates_are_json_or_the_same_in_base_64() {
        let json = r#"{"wx1":{"hours":{"template_id":"T1","data":{"thing1":"matter"}}}}"#;
        let known = read(json).unwrap();
        assert_eq!(known.apps().collect::<Vec<_>>(), ["wx1"]);
        assert_eq!(read(&BASE64_STANDARD.encode(json)), Ok(known));
        assert_eq!(read(""), Ok(Templates::default()));
        for (wrong, why) in
            [("wx1", "neither JSON nor base 64"), ("{", "EOF"), ("e30x", "trailing characters")]
        {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains(NAME) && error.contains(why), "{error}");
        }
    }
}
