//! The letter that a registration is transferred with (转出证明): what the other province's authority has to know.

use crate::{
    certificate::check,
    document::printed,
    error::PrintError,
    flow::{Column, Flow},
    font::Face,
    pen::Align,
    sheet::LetterSheet,
};

const TITLE: &str = "社会工作者登记转出证明";
/// Facts, two in a row.
const FACTS: &[Column] =
    &[Column::label(17.0), Column::of(35.0, Align::Left), Column::label(17.0), Column::of(31.0, Align::Left)];
const HOURS: &[Column] =
    &[Column::of(50.0, Align::Left), Column::of(25.0, Align::Right), Column::of(25.0, Align::Right)];

/// Prints `sheet` as a PDF.
///
/// # Errors
///
/// [`PrintError::Characters`] where the font lacks one of a text's characters; [`PrintError::QrContent`] where the QR
/// code would hold too much.
pub fn transfer_letter(sheet: &LetterSheet<'_>) -> Result<Vec<u8>, PrintError> {
    let (subject, imprint, unit) = (&sheet.subject, &sheet.imprint, sheet.unit);
    let face = Face::get()?;
    check(face, subject, imprint.authority)?;
    face.check(Some("收件机构"), sheet.addressee)?;
    face.check(Some("登记地"), sheet.district)?;

    let mut flow = Flow::new()?;
    flow.title(TITLE, sheet.number);
    flow.paragraph(&format!("{}：", sheet.addressee))?;
    flow.paragraph(&format!(
        "　　兹证明{}（登记号{}）原在我机构登记，已于{}办理登记转出，我机构的登记自该日起终止。其登记情况和继续教育学时如下：",
        subject.name,
        subject.registration_number,
        printed(sheet.transferred_on)
    ))?;
    flow.space(8.0);
    flow.row(FACTS, &["姓名", subject.name, "级别", subject.level.label()])?;
    flow.row(FACTS, &["证书管理号", subject.management_number, "登记号", subject.registration_number])?;
    flow.row(FACTS, &["原登记地", sheet.district, "首次登记", &printed(sheet.registered_on)])?;
    flow.row(
        FACTS,
        &["原有效期至", &printed(sheet.valid_until), "转出日期", &printed(sheet.transferred_on)],
    )?;
    flow.heading("各登记周期的继续教育学时")?;
    flow.head(HOURS, &["登记周期", &format!("规定（{unit}）"), &format!("认定（{unit}）")])?;
    for cycle in sheet.cycles {
        let period = format!("{}至{}", printed(cycle.start), printed(cycle.end));
        flow.row(HOURS, &[&period, &cycle.required.to_string(), &cycle.counted.to_string()])?;
    }
    flow.space(12.0);
    flow.paragraph("　　请贵机构按照当地的规定办理转入登记。")?;
    flow.paragraph("　　特此证明。")?;
    flow.sign(imprint);
    flow.print(TITLE, sheet.number, imprint)
}
