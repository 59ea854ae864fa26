//! Sheets to print.

use domain::{
    certificate::CertificateLevel,
    credit::{CreditCategory, CreditForm, CreditState, Hours, Why},
    date::CalendarDate,
    id::{CreditId, HolderId},
    identity::IdentityDocumentKind,
    province::Province,
    registration::RegistrationStatus,
    rules::RuleLibrary,
    transfer::{
        Facts, HoursStatement, LetterHours, PaperKind, StatementLine, StatementReason, TransferLetter,
    },
    verification::Standing,
};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use print::{CertificateSheet, Imprint, Subject};
use std::io::Cursor;

/// As long as an address with a signed statement in it is.
pub const QR: &str = "https://portal.example.org/verify/422026987654329?s=eyJrIjoiMjAyNiIsIm4iOiI0MjIwMjY5ODc2NTQzMjkiLCJ\
                      sIjoic29jaWFsX3dvcmtlciIsInUiOiIyMDI5LTAyLTI4In0.5Xk3mQ0vJ8pN2rT7wZ1cB4dF6gH9jL0sAqWeRtYuIoP3zXcVbNmK8lJhG\
                      fDsQ2w4E6r8T0yU1i3O5p7AA";

/// A day.
pub fn day(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

/// Who `name` is.
pub fn subject(name: &str) -> Subject<'_> {
    Subject {
        name,
        level: CertificateLevel::SocialWorker,
        management_number: "20250612345678901",
        registration_number: "422026987654329",
    }
}

/// Who issues it.
pub fn imprint() -> Imprint<'static> {
    Imprint {
        authority: "湖北省社会工作者登记管理机构",
        issued_on: day("2026-03-01"),
        qr: QR,
        portal: "https://portal.example.org",
    }
}

/// The certificate of `name`.
pub fn certificate<'a>(name: &'a str, photo: Option<&'a [u8]>) -> CertificateSheet<'a> {
    CertificateSheet {
        subject: subject(name),
        registered_on: day("2023-03-01"),
        valid_from: day("2026-03-01"),
        valid_until: day("2029-02-28"),
        standing: Standing::Valid,
        ended_on: None,
        edition: 2,
        photo,
        imprint: imprint(),
    }
}

/// What a paper says of the registration of `name`, which left.
pub fn facts(name: &str) -> Facts {
    Facts {
        number: "422026987654324".parse().unwrap(),
        status: RegistrationStatus::TransferredOut,
        status_label: Standing::Transferred.label().to_owned(),
        name: name.parse().unwrap(),
        identity_document_kind: Some(IdentityDocumentKind::ResidentIdentityCard),
        identity_number_masked: Some("420***********002X".to_owned()),
        management_number: serde_json::from_value("20250612345678901".into()).unwrap(),
        issued_on: day("2022-11-20"),
        level: CertificateLevel::SocialWorker,
        level_label: CertificateLevel::SocialWorker.label().to_owned(),
        district: "420106".parse().unwrap(),
        province: (&Province::of(&"420106".parse().unwrap())).into(),
        registered_on: day("2023-03-01"),
        valid_until: day("2029-02-28"),
        ended_on: Some(day("2026-11-20")),
        cycle_start: day("2026-03-01"),
        cycle_end: day("2029-02-28"),
        rules: RuleLibrary::compiled_in().unwrap().for_district(None).key(),
    }
}

/// The letter of transfer of `name`.
pub fn letter(name: &str) -> TransferLetter {
    TransferLetter {
        paper: PaperKind::TransferLetter,
        title: PaperKind::TransferLetter.title().to_owned(),
        letter_number: "ZC422026987654324".to_owned(),
        issued_by: imprint().authority.to_owned(),
        issued_on: day("2026-11-20"),
        registration: facts(name),
        destination: (&Province::of(&"430102".parse().unwrap())).into(),
        hours: LetterHours {
            unit: "学时".to_owned(),
            required: Hours::from_tenths(900),
            counted: Hours::from_tenths(125),
            missing: Hours::from_tenths(775),
            ethics_missing: Hours::from_tenths(60),
        },
    }
}

/// A statement of hours with `count` records.
pub fn statement(name: &str, count: u16) -> HoursStatement {
    let records = lines(count);
    let sum = |of: fn(&StatementLine) -> Hours| records.iter().map(of).sum::<Hours>();
    let required = Hours::from_tenths(900);
    HoursStatement {
        paper: PaperKind::HoursStatement,
        title: PaperKind::HoursStatement.title().to_owned(),
        issued_by: imprint().authority.to_owned(),
        as_of: day("2026-11-20"),
        registration: facts(name),
        destination: Some((&Province::of(&"430102".parse().unwrap())).into()),
        unit: "学时".to_owned(),
        required,
        ethics_required: Hours::from_tenths(180),
        claimed: sum(|line| line.claimed),
        recognised: sum(|line| line.recognised),
        counted: sum(|line| line.counted),
        ethics_counted: Hours::from_tenths(125),
        missing: required.minus(sum(|line| line.counted)),
        ethics_missing: Hours::from_tenths(55),
        records,
    }
}

/// `count` records of hours, of titles of all lengths.
fn lines(count: u16) -> Vec<StatementLine> {
    let holder = HolderId::mint(1);
    let line = |place: u16| {
        let done_from = day("2026-05-11").plus_days(i64::from(place) * 7);
        let counted = Hours::from_tenths(if place % 5 == 4 { 0 } else { 65 });
        let claimed = Hours::from_tenths(65);
        let form = if place % 3 == 2 { CreditForm::Paper } else { CreditForm::Seminar };
        let category = if place == 0 { CreditCategory::Ethics } else { CreditCategory::Professional };
        let (state, why) = (CreditState::Recognised, Why::OverFormCap);
        StatementLine {
            credit: CreditId::mint(&holder, day("2026-03-01"), place.into()),
            state,
            state_label: state.label().to_owned(),
            form,
            form_label: form.label().to_owned(),
            category,
            category_label: category.label().to_owned(),
            title: match place % 3 {
                0 => "社会工作职业伦理专题",
                1 => "老年社会工作实务：失能老人家庭照顾者支持小组的设计、带领与评估（第三期，含一日督导）",
                _ => "《中国社会工作》论文一篇",
            }
            .parse()
            .unwrap(),
            provider: (place % 3 != 2).then(|| "武汉市社会工作联合会".parse().unwrap()),
            done_from,
            done_to: done_from.plus_days(i64::from(place % 3)),
            unit: "学时".to_owned(),
            claimed,
            recognised: claimed,
            counted,
            uncounted: (counted < claimed)
                .then(|| StatementReason {
                    code: why,
                    hours: claimed,
                    detail: "每个登记周期最多计 30 学时，超出部分不计入".to_owned(),
                })
                .into_iter()
                .collect(),
        }
    };
    (0..count).map(line).collect()
}

/// A portrait that nobody sat for: shoulders, a head, hair.
pub fn portrait(width: u32, height: u32) -> RgbImage {
    let oval = |x: f32, y: f32, cx: f32, cy: f32, rx: f32, ry: f32| {
        ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2) <= 1.0
    };
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
        if oval(x, y, 0.5, 0.44, 0.2, 0.19) {
            Rgb([232, 196, 168])
        } else if oval(x, y, 0.5, 0.38, 0.23, 0.21) {
            Rgb([38, 30, 28])
        } else if oval(x, y, 0.5, 1.02, 0.46, 0.36) {
            Rgb([44, 62, 92])
        } else {
            Rgb([92, 150, 214])
        }
    })
}

/// `picture` in the file format `format`.
pub fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}
