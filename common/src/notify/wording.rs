//! How mails write dates, days left and hours, and what makes a text typed by a person fit for a mail.

use domain::date::{CalendarDate, Instant};

/// The days of the week from Thursday on, since the calendar's epoch, 1970-01-01, was a Thursday.
const FROM_THURSDAY: [&str; 7] = ["星期四", "星期五", "星期六", "星期日", "星期一", "星期二", "星期三"];

/// `星期四`.
pub(super) fn weekday(date: CalendarDate) -> &'static str {
    let days = CalendarDate::EPOCH.days_until(date).rem_euclid(7);
    usize::try_from(days).ok().and_then(|index| FROM_THURSDAY.get(index)).copied().unwrap_or_default()
}

/// `2029 年 3 月 1 日（星期四）`.
pub(super) fn day(date: CalendarDate) -> String {
    format!("{}（星期{}）", date.in_chinese(), weekday(date).trim_start_matches("星期"))
}

/// `2029 年 3 月 1 日 16:05（北京时间）`, with the full-width brackets that Chinese text takes.
pub(super) fn moment(at: Instant) -> String {
    at.in_chinese().replace('(', "\u{ff08}").replace(')', "\u{ff09}")
}

/// How long there is from `today` to `last`, that day included: `今天是最后一天`, `明天是最后一天`, `还剩 7 天`.
pub(super) fn time_left(today: CalendarDate, last: CalendarDate) -> String {
    match today.days_until(last) {
        ..0 => "期限已过".to_owned(),
        0 => "今天是最后一天".to_owned(),
        1 => "明天是最后一天".to_owned(),
        days => format!("还剩 {days} 天"),
    }
}

/// `72` or `72.5`, from tenths of an hour.
pub(super) fn hours(tenths: u32) -> String {
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}.{rest}", tenths / 10),
    }
}

/// `text` on one line: control characters and line ends become blanks (they could end a header), marks that turn the
/// direction of writing are dropped (they could make a name read as another text), blanks are folded.
pub(super) fn one_line(text: &str) -> String {
    let visible = text.chars().filter(|character| !turns_direction(*character));
    let spaced: String =
        visible.map(|character| if character.is_control() { ' ' } else { character }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines of a text of several, each as [`one_line`] leaves it, empty ones left out and identity numbers masked.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| mask_identity_numbers(&one_line(line))).filter(|line| !line.is_empty()).collect()
}

/// At most `limit` characters of `text`, the last one `…` where something was cut.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}

/// Masks what looks like a resident identity number, `110***********002X`. Reviewers quote the form in their reasons,
/// and mail is open to whoever carries it. The check digit isn't asked for: a number with one wrong digit tells
/// nearly as much. The birth date is, so that registration and receipt numbers of 18 digits stay readable.
pub(super) fn mask_identity_numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| character.is_ascii_alphanumeric()) {
        let (before, from_word) = rest.split_at(start);
        let end =
            from_word.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(from_word.len());
        let (word, after) = from_word.split_at(end);
        masked.push_str(before);
        if looks_like_identity_number(word) {
            masked.push_str(&word[..3]);
            masked.push_str("***********");
            masked.push_str(&word[14..]);
        } else {
            masked.push_str(word);
        }
        rest = after;
    }
    masked.push_str(rest);
    masked
}

fn looks_like_identity_number(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() == 18
        && bytes[..17].iter().all(u8::is_ascii_digit)
        && matches!(bytes[17], b'0'..=b'9' | b'x' | b'X')
        && CalendarDate::from_compact(&word[6..14]).is_some_and(|born| (1900..2100).contains(&born.year()))
}

/// Marks of Unicode's bidirectional algorithm, and the zero-width blank and byte-order mark. The zero-width joiner
/// stays: emoji and some scripts are spelled with it.
fn turns_direction(character: char) -> bool {
    matches!(
        character,
        '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::date::date;
    use rstest::rstest;

    #[rstest]
    #[case(date(1970, 1, 1), "星期四")]
    #[case(date(1969, 12, 31), "星期三")]
    #[case(date(2024, 2, 29), "星期四")]
    #[case(date(2029, 3, 4), "星期日")]
    fn weekdays(#[case] day: CalendarDate, #[case] name: &str) {
        assert_eq!(weekday(day), name);
    }

    #[test]
    fn a_day_is_written_with_its_weekday() {
        assert_eq!(day(date(2029, 3, 1)), "2029 年 3 月 1 日（星期四）");
    }

    #[rstest]
    #[case(30, "还剩 30 天")]
    #[case(2, "还剩 2 天")]
    #[case(1, "明天是最后一天")]
    #[case(0, "今天是最后一天")]
    #[case(-1, "期限已过")]
    fn days_left(#[case] days: i64, #[case] words: &str) {
        let today = date(2028, 2, 28);
        assert_eq!(time_left(today, today.plus_days(days)), words);
    }

    #[rstest]
    #[case(900, "90")]
    #[case(725, "72.5")]
    #[case(5, "0.5")]
    fn hours_are_written_without_an_idle_zero(#[case] tenths: u32, #[case] words: &str) {
        assert_eq!(hours(tenths), words);
    }

    #[rstest]
    #[case("张三\r\nBcc: x@example.com", "张三 Bcc: x@example.com")]
    #[case("  欧阳\u{0}\u{7}娜娜\t ", "欧阳 娜娜")]
    #[case("\u{202e}三张\u{2069}", "三张")]
    #[case("𠮷野家 👩\u{200d}💻", "𠮷野家 👩\u{200d}💻")]
    #[case("甲\u{2028}乙\u{3000}丙", "甲 乙 丙")]
    fn a_line_stays_a_line(#[case] text: &str, #[case] line: &str) {
        assert_eq!(one_line(text), line);
    }

    #[rstest]
    #[case("身份证号11010519491231002x与证书不符", "身份证号110***********002x与证书不符")]
    #[case("110105194912310021", "110***********0021")]
    #[case("420106199002300012 管理号", "420106199002300012 管理号")]
    #[case("登记号 420000202600000001", "登记号 420000202600000001")]
    #[case("1101051949123100212", "1101051949123100212")]
    #[case("电话 13800138000", "电话 13800138000")]
    #[case("", "")]
    fn identity_numbers_are_masked(#[case] text: &str, #[case] masked: &str) {
        assert_eq!(mask_identity_numbers(text), masked);
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shortened("𠮷𠮷𠮷", 3), "𠮷𠮷𠮷");
        assert_eq!(shortened("𠮷𠮷𠮷𠮷", 3), "𠮷𠮷…");
    }
}
