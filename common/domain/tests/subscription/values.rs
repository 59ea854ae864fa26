//! WeChat's limits by kind of value.

use domain::subscription::{Unfit, ValueKind};
use proptest::prelude::*;
use rstest::rstest;

#[rstest]
#[case("thing1", ValueKind::Thing)]
#[case("character_string12", ValueKind::CharacterString)]
#[case("phone_number3", ValueKind::PhoneNumber)]
fn a_keys_kind_is_its_name(#[case] key: &str, #[case] kind: ValueKind) {
    assert_eq!(ValueKind::of_key(key), Some(kind));
}

#[rstest]
#[case("thing")]
#[case("thing1.DATA")]
#[case("things1")]
#[case("1")]
#[case("")]
fn what_is_no_key_is_none(#[case] key: &str) {
    assert_eq!(ValueKind::of_key(key), None);
}

#[rstest]
#[case(ValueKind::Thing, "二十个字以内的标题照原样", "二十个字以内的标题照原样")]
#[case(
    ValueKind::Thing,
    "一二三四五六七八九十一二三四五六七八九十",
    "一二三四五六七八九十一二三四五六七八九十"
)]
#[case(
    ValueKind::Thing,
    "一二三四五六七八九十一二三四五六七八九十一",
    "一二三四五六七八九十一二三四五六七八九…"
)]
#[case(ValueKind::Thing, "第一行\r\n第二行\t完", "第一行 第二行 完")]
#[case(ValueKind::Thing, "𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷", "𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷…")]
#[case(ValueKind::Phrase, "退回修改", "退回修改")]
#[case(ValueKind::Phrase, "已通过初审及终审", "已通过初审")]
#[case(ValueKind::Phrase, "已通过 OK", "已通过")]
#[case(ValueKind::CharacterString, "登记号 422026987654324", "422026987654324")]
#[case(ValueKind::Name, "张晓雯", "张晓雯")]
#[case(ValueKind::Name, "买买提·阿不都热合曼江", "买买提·阿不都热合曼")]
#[case(ValueKind::Name, "Alexander Maximilian Smith", "Alexander Maximilian")]
#[case(ValueKind::Number, "72.5", "72.5")]
#[case(ValueKind::Date, "2029年3月1日", "2029年3月1日")]
#[case(ValueKind::Time, "2029年3月1日 09:05", "2029年3月1日 09:05")]
#[case(ValueKind::PhoneNumber, "027-12345678", "027-12345678")]
#[case(ValueKind::Amount, "¥20.5", "¥20.5")]
#[case(ValueKind::CarNumber, "粤A8Z888挂", "粤A8Z888挂")]
#[case(ValueKind::Letter, "abc1", "abc")]
#[case(ValueKind::Symbol, "!?#$%^", "!?#$%")]
fn a_value_is_made_to_fit(#[case] kind: ValueKind, #[case] text: &str, #[case] fitted: &str) {
    assert_eq!(kind.fit(text).as_deref(), Ok(fitted));
}

#[rstest]
#[case(ValueKind::Thing, " \n ", Unfit::Empty)]
#[case(ValueKind::Phrase, "OK", Unfit::Empty)]
#[case(ValueKind::Number, "七十二", Unfit::Form)]
#[case(ValueKind::Number, "", Unfit::Empty)]
#[case(ValueKind::Date, "明天", Unfit::Form)]
#[case(ValueKind::Time, "2029年3月1日", Unfit::Form)]
fn a_value_that_would_say_something_else_is_none(
    #[case] kind: ValueKind,
    #[case] text: &str,
    #[case] why: Unfit,
) {
    assert_eq!(kind.fit(text), Err(why));
}

proptest! {
    #[test]
    fn what_fits_keeps_to_its_limit_and_fits_again(text in "\\PC{0,60}", place in 0_usize..12) {
        let kinds = [
            (ValueKind::Thing, 20), (ValueKind::Number, 32), (ValueKind::Letter, 32), (ValueKind::Symbol, 5),
            (ValueKind::CharacterString, 32), (ValueKind::Time, 32), (ValueKind::Date, 32), (ValueKind::Amount, 13),
            (ValueKind::PhoneNumber, 17), (ValueKind::CarNumber, 8), (ValueKind::Name, 20), (ValueKind::Phrase, 5),
        ];
        let (kind, limit) = kinds[place];
        if let Ok(fitted) = kind.fit(&text) {
            prop_assert!(!fitted.is_empty() && fitted.chars().count() <= limit, "{fitted}");
            prop_assert!(!fitted.chars().any(char::is_control));
            prop_assert_eq!(kind.fit(&fitted), Ok(fitted));
        }
    }
}
