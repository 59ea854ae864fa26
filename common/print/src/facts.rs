//! What the papers of a transfer have in common: whom they are about, and how they are checked.

use crate::{
    document::printed,
    error::PrintError,
    flow::{Column, Flow},
    font::Face,
    pen::Align,
};
use domain::transfer::Facts;

/// Facts, two in a row.
const FACTS: &[Column] =
    &[Column::label(17.0), Column::of(35.0, Align::Left), Column::label(17.0), Column::of(31.0, Align::Left)];

/// Checks what comes out of the register, so that a refusal says where the character stands.
pub(crate) fn check(face: &Face, facts: &Facts, authority: &str) -> Result<(), PrintError> {
    for (place, text) in [
        ("姓名", facts.name.as_str()),
        ("管理号", facts.management_number.as_str()),
        ("登记号", facts.number.as_str()),
        ("发证机构", authority),
    ] {
        face.check(Some(place), text)?;
    }
    Ok(())
}

/// The table of what a paper says of the registration, and `last`, one row more.
pub(crate) fn table(flow: &mut Flow, facts: &Facts, last: [(&str, &str); 2]) -> Result<(), PrintError> {
    let document = match (facts.identity_document_kind, &facts.identity_number_masked) {
        (Some(kind), Some(number)) => format!("{}\n{number}", kind.label()),
        _ => "未登记".to_owned(),
    };
    let district = format!("{}（区划代码{}）", facts.province.name, facts.district);
    let status = facts.ended_on.map_or_else(
        || facts.status_label.clone(),
        |day| format!("{}（{}）", facts.status_label, printed(day)),
    );
    let (issued_on, registered_on) = (printed(facts.issued_on), printed(facts.registered_on));
    let valid_until = printed(facts.valid_until);
    let rows: [[(&str, &str); 2]; 5] = [
        [("姓名", facts.name.as_str()), ("级别", &facts.level_label)],
        [("身份证件", &document), ("登记号", facts.number.as_str())],
        [("证书管理号", facts.management_number.as_str()), ("证书签发", &issued_on)],
        [("登记地", &district), ("首次登记", &registered_on)],
        [("登记状态", &status), ("有效期至", &valid_until)],
    ];
    for [left, right] in rows.into_iter().chain([last]) {
        flow.row(FACTS, &[left.0, left.1, right.0, right.1])?;
    }
    Ok(())
}

/// `2026年3月2日至2029年3月2日`, the cycle that a paper tells of.
pub(crate) fn cycle(facts: &Facts) -> String {
    format!("{}至{}", printed(facts.cycle_start), printed(facts.cycle_end))
}
