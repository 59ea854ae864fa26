//! Templates as configuration lists them: what can't work is refused when a function starts, and said where.

use super::{TEMPLATES, templates};
use domain::subscription::{Templates, Topic};
use rstest::rstest;

#[test]
fn templates_are_known_by_program_and_topic() {
    let known = templates();
    assert_eq!(known.apps().collect::<Vec<_>>(), ["wx1"]);
    let review = &known.of("wx1").unwrap()[&Topic::Review];
    assert_eq!((review.id.as_str(), review.page.as_deref()), ("T-review", Some("pages/index/index")));
    assert_eq!(review.keys().collect::<Vec<_>>(), ["name5", "phrase2", "thing1", "thing4", "time3"]);
    assert!(known.of("wx2").is_none() && "{}".parse::<Templates>().unwrap().is_empty());
}

#[rstest]
#[case(
    r#""thing1": "matter""#,
    r#""thing1": "colour""#,
    "wx1, review: thing1 asks for colour; there is matter, outcome, at, note, name, or a text after `=`"
)]
#[case(r#""thing1": "matter""#, r#""thing": "matter""#, "thing is no key of a template")]
#[case(r#""phrase2": "outcome""#, r#""phrase2": "note""#, "phrase2 can't hold note")]
#[case(r#""time3": "at""#, r#""number3": "at""#, "number3 can't hold at")]
#[case(r#""thing4": "note""#, r#""thing4": "day""#, "thing4 asks for day")]
#[case(
    "=请在小程序中查看",
    "=请在小程序中查看请在小程序中查看请在小程序中查看",
    "the text of thing6 doesn't keep to the key's limits"
)]
#[case("T-deadline", "T-review", "another topic has the same template_id")]
#[case("T-deadline", "T deadline", "a template_id has 1 to 64 letters")]
#[case("\"wx1\"", "\"wx 1\"", "an app id has 1 to 64 letters")]
#[case("\"review\"", "\"reviews\"", "unknown variant `reviews`")]
#[case("\"page\"", "\"pages\"", "unknown field `pages`")]
#[case("\"wx1\"", "wx1", "key must be a string")]
fn what_cant_work_is_refused_and_named(#[case] from: &str, #[case] to: &str, #[case] why: &str) {
    assert!(TEMPLATES.contains(from), "{from}");
    let error = TEMPLATES.replacen(from, to, 1).parse::<Templates>().unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}
