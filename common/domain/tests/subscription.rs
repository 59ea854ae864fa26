//! Subscribe messages: the ledger, what messages say, WeChat's limits, and templates as configuration lists them.

mod ledger;
mod messages;
mod templates;
mod values;

use domain::subscription::Templates;

/// Templates as WeChat's library has them.
const TEMPLATES: &str = r#"{ "wx1": {
    "review": { "template_id": "T-review", "page": "pages/index/index", "data": {
        "thing1": "matter", "phrase2": "outcome", "time3": "at", "thing4": "note", "name5": "name" } },
    "deadline": { "template_id": "T-deadline", "data": {
        "thing1": "matter", "date2": "day", "number3": "days_left", "thing5": "note" } },
    "hours": { "template_id": "T-hours", "data": {
        "thing1": "matter", "phrase2": "outcome", "number3": "hours", "date4": "at", "thing6": "=请在小程序中查看" } }
} }"#;

fn templates() -> Templates {
    TEMPLATES.parse().unwrap()
}
