//! The letter that a registration is transferred with (转出证明): what the other province's authority has to know.

use crate::{
    document::printed,
    error::PrintError,
    facts,
    flow::{Column, Flow},
    font::Face,
    pen::Align,
    sheet::PaperSheet,
};
use domain::transfer::TransferLetter;

const HOURS: &[Column] = &[
    Column::of(20.0, Align::Right),
    Column::of(20.0, Align::Right),
    Column::of(20.0, Align::Right),
    Column::of(40.0, Align::Right),
];

/// Prints the letter as a PDF.
///
/// # Errors
///
/// [`PrintError::Characters`] where the font lacks one of a text's characters; [`PrintError::QrContent`] where the QR
/// code would hold too much.
pub fn transfer_letter(sheet: &PaperSheet<'_, TransferLetter>) -> Result<Vec<u8>, PrintError> {
    let (letter, facts, hours) = (sheet.paper, &sheet.paper.registration, &sheet.paper.hours);
    facts::check(Face::get()?, facts, &letter.issued_by)?;
    let (left_on, unit) = (printed(letter.issued_on), &hours.unit);
    let (destination, number) = (&letter.destination.name, format!("编号：{}", letter.letter_number));

    let mut flow = Flow::new()?;
    flow.title(&letter.title, &number);
    flow.paragraph(&format!("{destination}社会工作者登记管理机构："))?;
    flow.paragraph(&format!(
        "　　兹证明{}（登记号{}）原在我机构登记，已于{left_on}办理登记转出，转往{destination}，我机构的登记自该日起终止。其登记情况和本登记周期的继续教育学时如下：",
        facts.name.as_str(),
        facts.number,
    ))?;
    flow.space(8.0);
    facts::table(&mut flow, facts, [("转往", destination), ("转出日期", &left_on)])?;
    flow.heading(&format!("登记周期{}的继续教育学时（{unit}）", facts::cycle(facts)))?;
    flow.head(HOURS, &["规定", "计入", "尚缺", "其中专业价值观和伦理尚缺"])?;
    let cells =
        [hours.required, hours.counted, hours.missing, hours.ethics_missing].map(|hours| hours.to_string());
    flow.row(HOURS, &cells.each_ref().map(String::as_str))?;
    flow.space(12.0);
    flow.paragraph("　　各项学时见学时证明。请贵机构按照当地的规定办理转入登记。")?;
    flow.paragraph("　　特此证明。")?;
    flow.sign(&sheet.imprint);
    flow.print(&letter.title, &number, &sheet.imprint)
}
