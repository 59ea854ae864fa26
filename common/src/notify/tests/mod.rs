//! What the tests of this module share: one of each message, and a letterhead to write it on.

mod digests;
mod headers;
mod letters;
mod mime;
mod samples;
mod ses;
mod smtp;

use super::Letterhead;
use samples::{
    application, every_message, first_registration_due, lapsed, now, number, reason, receipt, registered,
    renewal_due, returned, returned_reminder, to_zhang_san,
};

fn letterhead() -> Letterhead {
    Letterhead::new(
        "湖北省社会工作者登记服务中心",
        "registry@sw.example.cn".parse().unwrap(),
        Some("help@sw.example.cn".parse().unwrap()),
        "https://sw.example.cn",
        "电话 027-12345678（工作日 9:00–12:00、14:00–17:00）",
    )
    .unwrap()
}
