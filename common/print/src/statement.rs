//! The statement of hours (学时证明): every record of the cycle, what it counted for, and why it didn't.

use crate::{
    document::printed,
    error::PrintError,
    facts,
    flow::{Column, Flow},
    font::Face,
    pen::Align,
    sheet::PaperSheet,
};
use domain::{
    credit::Hours,
    transfer::{HoursStatement, StatementLine},
};

const SUMS: &[Column] = &[
    Column::label(29.0),
    Column::of(15.0, Align::Right),
    Column::of(15.0, Align::Right),
    Column::of(15.0, Align::Right),
    Column::of(15.0, Align::Right),
    Column::of(15.0, Align::Right),
];
const ROWS: &[Column] = &[
    Column::of(6.8, Align::Centre),
    Column::of(17.0, Align::Left),
    Column::of(36.5, Align::Left),
    Column::of(15.7, Align::Left),
    Column::of(8.0, Align::Right),
    Column::of(8.0, Align::Right),
    Column::of(8.0, Align::Right),
];

/// Prints the statement as a PDF.
///
/// # Errors
///
/// [`PrintError::Characters`] where the font lacks one of a text's characters; [`PrintError::QrContent`] where the QR
/// code would hold too much.
pub fn hours_statement(sheet: &PaperSheet<'_, HoursStatement>) -> Result<Vec<u8>, PrintError> {
    let (paper, facts) = (sheet.paper, &sheet.paper.registration);
    let face = Face::get()?;
    facts::check(face, facts, &paper.issued_by)?;
    let as_of = format!("截至{}", printed(paper.as_of));

    let mut flow = Flow::new()?;
    flow.title(&paper.title, &as_of);
    flow.paragraph(&format!("　　兹证明下列人员本登记周期的继续教育学时，{as_of}如下："))?;
    flow.space(8.0);
    let destination = paper.destination.as_ref().map_or("未转出", |province| province.name.as_str());
    facts::table(&mut flow, facts, [("登记周期", &facts::cycle(facts)), ("转往", destination)])?;
    sums(&mut flow, paper)?;
    flow.heading("学时记录")?;
    if paper.records.is_empty() {
        flow.paragraph("本周期没有学时记录。")?;
    } else {
        flow.head(ROWS, &["序号", "日期", "内容", "形式", "申报", "认定", "计入"])?;
    }
    for (place, line) in paper.records.iter().enumerate() {
        add(&mut flow, face, place + 1, line, &paper.unit)?;
    }
    flow.space(12.0);
    flow.paragraph("　　特此证明。")?;
    flow.sign(&sheet.imprint);
    flow.print(&paper.title, &as_of, &sheet.imprint)
}

/// What it comes to.
fn sums(flow: &mut Flow, paper: &HoursStatement) -> Result<(), PrintError> {
    flow.heading(&format!("学时合计（{}）", paper.unit))?;
    flow.head(SUMS, &["", "规定", "申报", "认定", "计入", "尚缺"])?;
    let text = |hours: Hours| hours.to_string();
    let all = [paper.required, paper.claimed, paper.recognised, paper.counted, paper.missing].map(text);
    let ethics = [paper.ethics_required, paper.ethics_counted, paper.ethics_missing].map(text);
    let [required, claimed, recognised, counted, missing] = all.each_ref().map(String::as_str);
    flow.row(SUMS, &["全部", required, claimed, recognised, counted, missing])?;
    let [required, counted, missing] = ethics.each_ref().map(String::as_str);
    flow.row(SUMS, &["其中专业价值观和伦理", required, "", "", counted, missing])
}

fn add(
    flow: &mut Flow,
    face: &Face,
    place: usize,
    line: &StatementLine,
    unit: &str,
) -> Result<(), PrintError> {
    let mut days = line.done_from.to_string();
    if line.done_to != line.done_from {
        days = format!("{days}至\n{}", line.done_to);
    }
    let mut what = vec![line.title.as_str().to_owned()];
    what.extend(line.provider.iter().map(|provider| provider.as_str().to_owned()));
    for text in &what {
        face.check(Some("学时记录"), text)?;
    }
    what.extend(line.uncounted.iter().map(|out| format!("不计入{}{}：{}", out.hours, line.unit, out.detail)));
    let mut form = format!("{}\n{}\n{}", line.form_label, line.category_label, line.state_label);
    if line.unit != unit {
        form = format!("{form}\n以{}计", line.unit);
    }
    let [claimed, recognised, counted] =
        [line.claimed, line.recognised, line.counted].map(|hours| hours.to_string());
    let place = place.to_string();
    flow.row(ROWS, &[&place, &days, &what.join("\n"), &form, &claimed, &recognised, &counted])
}
