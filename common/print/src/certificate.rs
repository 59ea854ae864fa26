//! The electronic registration certificate (电子登记证): one page, A4, across.

use crate::{
    document::{A4, Sheets, printed},
    error::PrintError,
    font::Face,
    lines::wrap,
    ornament,
    pen::{Align, Area, Ink, MM, Pen, Style},
    photo, qr,
    sheet::CertificateSheet,
};
use domain::verification::Standing;

/// The page's width and height.
const PAGE: (f32, f32) = (A4.1, A4.0);
/// The column of photo and QR code: its left and its width.
const SIDE: (f32, f32) = (96.0, 110.0);
/// The photo: two inches, 35 mm × 49 mm.
const PHOTO: Area = Area::new(SIDE.0 + (SIDE.1 - 35.0 * MM) / 2.0, 168.0, 35.0 * MM, 49.0 * MM);
/// The QR code with its white border.
const QR: Area = Area::new(SIDE.0, 338.0, SIDE.1, SIDE.1);
/// Where labels begin, and how wide the longest is.
const LABEL: (f32, f32) = (262.0, 62.0);
/// Where values begin, and how wide one may be.
const VALUE: (f32, f32) = (344.0, 400.0);
/// The base line of the first field.
const FIRST: f32 = 214.0;
/// From one field to the next.
const STEP: f32 = 33.0;

const TITLE: Style = Style::of(38.0, Ink::RED).heavy().tracked(0.08);
const BY_TITLE: Style = Style::of(20.0, Ink::RED).heavy();
const SENTENCE: Style = Style::of(12.5, Ink::TEXT);
const FIELD: Style = Style::of(13.5, Ink::QUIET);
const ANSWER: Style = Style::of(15.0, Ink::TEXT);
const NAME: Style = Style::of(22.0, Ink::TEXT).heavy();
const SMALL: Style = Style::of(9.0, Ink::QUIET);

/// Prints `sheet` as a PDF.
///
/// # Errors
///
/// [`PrintError::Characters`] where the font lacks one of a text's characters; [`PrintError::Photo`] and
/// [`PrintError::PhotoTooLarge`] about the photo; [`PrintError::QrContent`] where the QR code would hold too much.
pub fn certificate(sheet: &CertificateSheet<'_>) -> Result<Vec<u8>, PrintError> {
    let imprint = &sheet.imprint;
    check(Face::get()?, sheet)?;
    let photo = sheet.photo.map(photo::prepare).transpose()?;
    let title = format!("社会工作者登记证（电子）{}", sheet.subject.registration_number);
    let mut sheets = Sheets::new(title, imprint.authority, imprint.issued_on)?;
    sheets.page(PAGE, |pen| {
        ornament::rosette(pen, (PAGE.0 / 2.0, 318.0), 205.0);
        ornament::frame(pen, Area::new(0.0, 0.0, PAGE.0, PAGE.1).inset(24.0));
        heading(pen)?;
        picture(pen, photo)?;
        fields(pen, sheet)?;
        foot(pen, sheet)?;
        across(pen, sheet)?;
        // Last, on ground of its own: it's to be read whatever is printed across the page.
        code(pen, sheet)
    })?;
    sheets.finish()
}

/// Checks what comes out of a record, so that a refusal says where the character stands.
fn check(face: &Face, sheet: &CertificateSheet<'_>) -> Result<(), PrintError> {
    let subject = &sheet.subject;
    for (place, text) in [
        ("姓名", subject.name),
        ("管理号", subject.management_number),
        ("登记号", subject.registration_number),
        ("发证机构", sheet.imprint.authority),
    ] {
        face.check(Some(place), text)?;
    }
    Ok(())
}

fn heading(pen: &mut Pen<'_, '_>) -> Result<(), PrintError> {
    let (title, by) = ("社会工作者登记证", "（电子）");
    let width = pen.width(TITLE, title)? + pen.width(BY_TITLE, by)?;
    let end = pen.text((PAGE.0 - width) / 2.0, 112.0, TITLE, title)?;
    pen.text(end, 112.0, BY_TITLE, by)?;
    ornament::divider(pen, (PAGE.0 / 2.0, 135.0), 210.0);
    Ok(())
}

/// The photo, or where it would be.
fn picture(pen: &mut Pen<'_, '_>, photo: Option<Vec<u8>>) -> Result<(), PrintError> {
    pen.block(PHOTO, Ink::WHITE);
    match photo {
        Some(photo) => pen.picture(PHOTO, photo)?,
        None => pen.aligned(
            (PHOTO.x, PHOTO.width),
            PHOTO.y + PHOTO.height / 2.0 + 4.0,
            Style::of(11.0, Ink::RULE),
            Align::Centre,
            "未提供照片",
        )?,
    }
    pen.frame(PHOTO.inset(-2.0), Ink::GOLD, 0.8);
    Ok(())
}

/// The QR code.
fn code(pen: &mut Pen<'_, '_>, sheet: &CertificateSheet<'_>) -> Result<(), PrintError> {
    qr::draw(pen, QR, sheet.imprint.qr)?;
    pen.frame(QR.inset(-2.0), Ink::GOLD, 0.8);
    pen.aligned((SIDE.0, SIDE.1), QR.y + QR.height + 17.0, SMALL, Align::Centre, "扫描二维码核验")
}

fn fields(pen: &mut Pen<'_, '_>, sheet: &CertificateSheet<'_>) -> Result<(), PrintError> {
    let subject = &sheet.subject;
    let sentence = "持证人已取得社会工作者职业水平证书，经审核准予登记，特发此证。";
    pen.text(LABEL.0, 168.0, SENTENCE, sentence)?;
    name(pen, subject.name)?;
    let validity = format!("{}至{}", printed(sheet.valid_from), printed(sheet.valid_until));
    let answers = [
        ("级别", subject.level.label().to_owned()),
        ("证书管理号", subject.management_number.to_owned()),
        ("登记号", subject.registration_number.to_owned()),
        ("首次登记", printed(sheet.registered_on)),
        ("有效期", validity),
        ("登记状态", standing(sheet)),
    ];
    let mut y = FIRST;
    for (label, answer) in answers {
        y += STEP;
        let style = ANSWER.sized(shrunk(pen, ANSWER, &answer)?);
        field(pen, y, label)?;
        pen.text(VALUE.0 + 6.0, y, style, &answer)?;
    }
    Ok(())
}

/// A label, and the rule that its value stands on.
fn field(pen: &mut Pen<'_, '_>, y: f32, label: &str) -> Result<(), PrintError> {
    pen.spread(LABEL, y, FIELD, label)?;
    pen.line((VALUE.0, y + 7.0), (VALUE.0 + VALUE.1, y + 7.0), Ink::RULE, 0.5);
    Ok(())
}

/// The name, on two lines where it's long: names of minorities have up to fifty characters.
fn name(pen: &mut Pen<'_, '_>, name: &str) -> Result<(), PrintError> {
    const SMALLEST: f32 = 15.0;
    field(pen, FIRST, "姓名")?;
    let (x, room) = (VALUE.0 + 6.0, VALUE.1 - 12.0);
    let size = NAME.size.min(room / pen.face.width(name)?.max(1.0));
    if size >= SMALLEST {
        pen.text(x, FIRST, NAME.sized(size), name)?;
        return Ok(());
    }
    let size = 13.5;
    let lines = wrap(pen.face, name, room / size)?;
    // The last one stands on the rule. There is room for three above it, and fifty characters take two.
    let mut y = lines.iter().skip(1).fold(FIRST, |y, _| y - 16.0);
    for line in lines {
        pen.text(x, y, NAME.sized(size), &line)?;
        y += 16.0;
    }
    Ok(())
}

/// The size at which `text` fits among the values.
fn shrunk(pen: &Pen<'_, '_>, style: Style, text: &str) -> Result<f32, PrintError> {
    Ok(style.size.min((VALUE.1 - 12.0) / pen.face.width(text)?.max(1.0)))
}

/// How the registration stands, in the words that verification has for it.
fn standing(sheet: &CertificateSheet<'_>) -> String {
    let label = sheet.standing.label();
    match (sheet.standing, ended(sheet)) {
        (_, Some((status, since))) => format!("{status}（{since}）"),
        (Standing::RenewalUnderReview, None) => format!("{label}，审核结束前继续有效"),
        (_, None) => label.to_owned(),
    }
}

/// What is said across the page, and since when; none where the registration is in force.
fn ended(sheet: &CertificateSheet<'_>) -> Option<(&'static str, String)> {
    if sheet.standing.is_in_force() {
        return None;
    }
    let since = sheet.ended_on.map_or_else(
        || format!("有效期至{}", printed(sheet.valid_until)),
        |day| format!("{}起", printed(day)),
    );
    Some((sheet.standing.label(), since))
}

fn foot(pen: &mut Pen<'_, '_>, sheet: &CertificateSheet<'_>) -> Result<(), PrintError> {
    let imprint = &sheet.imprint;
    let column = (VALUE.0, VALUE.1);
    let authority = Style::of(15.0, Ink::TEXT).heavy();
    let size = shrunk(pen, authority, imprint.authority)?;
    pen.aligned(column, 456.0, authority.sized(size), Align::Right, imprint.authority)?;
    let issued = format!("发证日期：{}　　版次：第{}版", printed(imprint.issued_on), sheet.edition);
    pen.aligned(column, 478.0, Style::of(11.5, Ink::TEXT), Align::Right, &issued)?;

    pen.line((SIDE.0, 500.0), (PAGE.0 - SIDE.0, 500.0), Ink::RULE, 0.4);
    let how = format!(
        "核验方法：扫描二维码，或登录 {} 输入登记号查询。登记状态和版次以核验结果为准；版次低于核验结果的，已被新版替换。",
        imprint.portal
    );
    let width = PAGE.0 - 2.0 * SIDE.0;
    let mut y = 515.0;
    for line in wrap(pen.face, &how, width / SMALL.size)? {
        pen.aligned((SIDE.0, width), y, SMALL, Align::Centre, &line)?;
        y += 13.0;
    }
    Ok(())
}

/// What isn't in force says so across the page, larger than anything else on it, and nothing under it is hidden.
fn across(pen: &mut Pen<'_, '_>, sheet: &CertificateSheet<'_>) -> Result<(), PrintError> {
    let Some((status, since)) = ended(sheet) else { return Ok(()) };
    let large = Style::of(150.0, Ink::RED).heavy().tracked(0.08);
    let below = Style::of(40.0, Ink::RED).heavy();
    let centre = (PAGE.0 / 2.0, PAGE.1 / 2.0);
    pen.turned(centre, -22.0, 0.34, |pen| {
        let width = pen.width(large, status)?.max(pen.width(below, &since)?);
        let stamp = Area::new(centre.0 - width / 2.0 - 34.0, centre.1 - 134.0, width + 68.0, 264.0);
        pen.frame(stamp, Ink::RED, 7.0);
        pen.frame(stamp.inset(9.0), Ink::RED, 1.6);
        let line = (stamp.x, stamp.width);
        pen.aligned(line, centre.1 + 32.0, large, Align::Centre, status)?;
        pen.aligned(line, centre.1 + 97.0, below, Align::Centre, &since)
    })
}
