//! The electronic registration certificate.

use crate::{
    paper,
    sheets::{self, QR, day},
};
use domain::verification::Standing;
use image::ImageFormat;
use print::{CertificateSheet, PrintError, certificate};

fn portrait() -> Vec<u8> {
    sheets::encoded(sheets::portrait(413, 579), ImageFormat::Jpeg)
}

#[test]
fn its_text_is_the_record_and_its_page_is_as_it_was_reviewed() {
    let photo = portrait();
    let pdf = certificate(&sheets::certificate("欧阳慧敏", Some(&photo))).unwrap();
    assert_eq!(paper::pages(&pdf), 1);
    let text = paper::text(&pdf);
    for value in [
        "社会工作者登记证（电子）",
        "欧阳慧敏",
        "社会工作师",
        "20250612345678901",
        "422026987654329",
        "2023年3月1日",
        "2026年3月1日至2029年2月28日",
        "湖北省社会工作者登记管理机构",
        "发证日期：2026年3月1日",
        "版次：第2版",
        "https://portal.example.org",
    ] {
        assert!(text.contains(value), "{value} in {text}");
    }
    let squeezed = paper::squeezed(&pdf);
    for label in ["姓名", "级别", "证书管理号", "登记号", "首次登记", "有效期", "登记状态有效"]
    {
        assert!(squeezed.contains(label), "{label} in {squeezed}");
    }
    paper::reviewed("certificate", &pdf, 1);
}

#[test]
fn the_qr_code_on_the_page_says_what_it_was_given() {
    let pdf = certificate(&sheets::certificate("张伟", None)).unwrap();
    assert_eq!(paper::qr(&pdf, 1), QR);
    // Also where a status is printed over it.
    let (standing, ended_on) = (Standing::Revoked, Some(day("2027-05-06")));
    let sheet = CertificateSheet { standing, ended_on, ..sheets::certificate("张伟", None) };
    let pdf = certificate(&sheet).unwrap();
    assert_eq!(paper::qr(&pdf, 1), QR);
    // Nothing that a code can't hold is printed at all.
    let mut sheet = sheets::certificate("张伟", None);
    let long = "a".repeat(5000);
    sheet.imprint.qr = &long;
    assert!(matches!(certificate(&sheet), Err(PrintError::QrContent(_))));
}

#[test]
fn the_same_sheet_makes_the_same_bytes_and_another_edition_others() {
    let photo = portrait();
    let sheet = sheets::certificate("欧阳慧敏", Some(&photo));
    let first = certificate(&sheet).unwrap();
    assert_eq!(first, certificate(&sheet).unwrap());
    assert_ne!(first, certificate(&CertificateSheet { edition: 3, ..sheet }).unwrap());
}

#[test]
fn a_rare_name_is_printed_and_extracted() {
    // Extension A, B, E; one whose compatibility form the font has as well.
    for name in ["𠮷田㛃", "䶮乂", "𬱖𬍛", "贇昇", "马 O'Neill-Müller"] {
        let pdf = certificate(&sheets::certificate(name, None)).unwrap();
        assert!(paper::text(&pdf).contains(name), "{name} in {}", paper::text(&pdf));
    }
    paper::reviewed("certificate-rare", &certificate(&sheets::certificate("𠮷㛃䶮𬱖", None)).unwrap(), 1);
}

#[test]
fn a_character_that_the_font_lacks_is_named_and_nothing_is_printed() {
    let refused = |name: &str| certificate(&sheets::certificate(name, None)).unwrap_err();
    let error = refused("王𪚥𲍐𪚥");
    assert_eq!(error.code(), "print_character_unavailable");
    assert_eq!(
        error.to_string(),
        "打印字库中没有姓名中的“𪚥”（U+2A6A5）、“𲍐”（U+32350），无法打印，请联系登记管理机构处理"
    );
    assert!(matches!(refused("ئابدۇرېھىم"), PrintError::Characters { place: Some("姓名"), .. }));
}

#[test]
fn a_long_name_stays_on_the_page() {
    let long = "阿不都热合曼·买买提依明·吐尔逊江·阿卜杜克热木·艾合买提·穆罕默德·伊敏·托合提·阿布都";
    let fifty: String = long.chars().cycle().take(50).collect();
    for name in [long, fifty.as_str(), "迪丽热巴·迪力木拉提·买买提依明·阿不都热依木"] {
        let pdf = certificate(&sheets::certificate(name, None)).unwrap();
        let squeezed = paper::squeezed(&pdf);
        assert!(squeezed.contains(&format!("姓名{name}")), "{name} in {squeezed}");
    }
    paper::reviewed("certificate-long", &certificate(&sheets::certificate(&fifty, None)).unwrap(), 1);
}

#[test]
fn what_is_not_in_force_says_so_across_the_page() {
    let on = Some(day("2027-05-06"));
    for (standing, ended_on, across, row) in [
        (Standing::Valid, None, None, "登记状态有效湖北省"),
        (Standing::RenewalUnderReview, None, None, "登记状态有效（再登记审核中），审核结束前继续有效"),
        (Standing::Lapsed, None, Some("已失效"), "登记状态已失效（有效期至2029年2月28日）"),
        (Standing::Lapsed, on, Some("已失效"), "登记状态已失效（2027年5月6日起）"),
        (Standing::Cancelled, on, Some("已注销"), "登记状态已注销（2027年5月6日起）"),
        (Standing::Revoked, on, Some("已撤销"), "登记状态已撤销（2027年5月6日起）"),
        (Standing::Transferred, on, Some("已转出"), "登记状态已转出（2027年5月6日起）"),
        (Standing::Cancelled, None, Some("已注销"), "登记状态已注销（有效期至2029年2月28日）"),
    ] {
        let sheet = CertificateSheet { standing, ended_on, ..sheets::certificate("张伟", None) };
        let squeezed = paper::squeezed(&certificate(&sheet).unwrap());
        assert!(squeezed.contains(row), "{row} in {squeezed}");
        assert!(squeezed.contains(standing.label()), "as verification has it: {squeezed}");
        // In the row, and once more across the page.
        let times = across.map_or(0, |across| squeezed.matches(across).count());
        assert_eq!(times, if across.is_some() { 2 } else { 0 }, "{standing:?} in {squeezed}");
    }
    let photo = portrait();
    let sheet = sheets::certificate("欧阳慧敏", Some(&photo));
    let sheet = CertificateSheet { standing: Standing::Revoked, ended_on: on, ..sheet };
    paper::reviewed("certificate-revoked", &certificate(&sheet).unwrap(), 1);
}
