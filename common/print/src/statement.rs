//! The statement of hours (继续教育学时证明): every record of every cycle, and what it counted for.

use crate::{
    certificate::check,
    document::printed,
    error::PrintError,
    flow::{Column, Flow},
    font::Face,
    pen::Align,
    sheet::{StatementRow, StatementSheet},
};

const TITLE: &str = "继续教育学时证明";
/// Facts, two in a row.
const FACTS: &[Column] =
    &[Column::label(17.0), Column::of(35.0, Align::Left), Column::label(17.0), Column::of(31.0, Align::Left)];
const ROWS: &[Column] = &[
    Column::of(8.0, Align::Centre),
    Column::of(19.0, Align::Left),
    Column::of(39.0, Align::Left),
    Column::of(14.0, Align::Left),
    Column::of(10.0, Align::Right),
    Column::of(10.0, Align::Right),
];

/// Prints `sheet` as a PDF.
///
/// # Errors
///
/// [`PrintError::Characters`] where the font lacks one of a text's characters; [`PrintError::QrContent`] where the QR
/// code would hold too much.
pub fn hours_statement(sheet: &StatementSheet<'_>) -> Result<Vec<u8>, PrintError> {
    let (subject, imprint, unit) = (&sheet.subject, &sheet.imprint, sheet.unit);
    let face = Face::get()?;
    check(face, subject, imprint.authority)?;

    let mut flow = Flow::new()?;
    flow.title(TITLE, sheet.number);
    flow.paragraph("　　兹证明下列人员在各登记周期的继续教育学时如下：")?;
    flow.space(8.0);
    flow.row(FACTS, &["姓名", subject.name, "级别", subject.level.label()])?;
    flow.row(FACTS, &["证书管理号", subject.management_number, "登记号", subject.registration_number])?;
    for cycle in sheet.cycles {
        let hours = &cycle.hours;
        flow.heading(&format!(
            "登记周期{}至{}：规定{}{unit}，认定{}{unit}",
            printed(hours.start),
            printed(hours.end),
            hours.required,
            hours.counted
        ))?;
        if cycle.rows.is_empty() {
            flow.paragraph("本周期没有学时记录。")?;
            continue;
        }
        let (claimed, counted) = (format!("申报\n{unit}"), format!("认定\n{unit}"));
        flow.head(ROWS, &["序号", "日期", "内容", "形式", &claimed, &counted])?;
        for (place, row) in cycle.rows.iter().enumerate() {
            add(&mut flow, face, place + 1, row)?;
        }
    }
    flow.space(12.0);
    flow.paragraph("　　特此证明。")?;
    flow.sign(imprint);
    flow.print(TITLE, sheet.number, imprint)
}

fn add(flow: &mut Flow, face: &Face, place: usize, row: &StatementRow<'_>) -> Result<(), PrintError> {
    face.check(Some("学时记录"), row.title)?;
    let mut days = row.from.to_string();
    if row.to != row.from {
        days.push_str("至\n");
        days.push_str(&row.to.to_string());
    }
    let mut what = row.title.to_owned();
    if let Some(provider) = row.provider {
        face.check(Some("学时记录"), provider)?;
        what.push('\n');
        what.push_str(provider);
    }
    let (claimed, counted) = (row.claimed.to_string(), row.counted.to_string());
    flow.row(ROWS, &[&place.to_string(), &days, &what, row.form, &claimed, &counted])
}
