//! Sheets to print.

use domain::{certificate::CertificateLevel, credit::Hours, date::CalendarDate};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use print::{CertificateSheet, CycleHours, Imprint, LetterSheet, Standing, StatementRow, Subject};
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
        standing: Standing::InForce,
        edition: 2,
        photo,
        imprint: imprint(),
    }
}

/// Two cycles of a letter.
pub fn cycles() -> [CycleHours; 2] {
    let hours = Hours::from_tenths;
    [
        CycleHours {
            start: day("2023-03-01"),
            end: day("2026-02-28"),
            required: hours(900),
            counted: hours(925),
        },
        CycleHours {
            start: day("2026-03-01"),
            end: day("2029-02-28"),
            required: hours(900),
            counted: hours(120),
        },
    ]
}

/// The letter of transfer of `name`.
pub fn letter<'a>(name: &'a str, cycles: &'a [CycleHours]) -> LetterSheet<'a> {
    LetterSheet {
        number: "ZC-422026987654329-1",
        addressee: "湖南省社会工作者登记管理机构",
        subject: subject(name),
        district: "湖北省武汉市武昌区（420106）",
        registered_on: day("2023-03-01"),
        valid_until: day("2029-02-28"),
        transferred_on: day("2026-11-20"),
        cycles,
        unit: "学时",
        imprint: Imprint { issued_on: day("2026-11-20"), ..imprint() },
    }
}

/// `count` records of hours, of titles of all lengths.
pub fn rows(count: u16) -> Vec<StatementRow<'static>> {
    (0..count)
        .map(|place| StatementRow {
            from: day("2024-05-11").plus_days(i64::from(place) * 7),
            to: day("2024-05-11").plus_days(i64::from(place) * 7 + i64::from(place % 3)),
            title: match place % 3 {
                0 => "社会工作职业伦理专题",
                1 => "老年社会工作实务：失能老人家庭照顾者支持小组的设计、带领与评估（第三期，含一日督导）",
                _ => "《中国社会工作》论文一篇",
            },
            provider: (place % 3 != 2).then_some("武汉市社会工作联合会"),
            form: if place % 3 == 2 { "论文" } else { "面授培训" },
            claimed: Hours::from_tenths(60),
            counted: Hours::from_tenths(if place % 5 == 4 { 0 } else { 60 }),
        })
        .collect()
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
