//! The kinds of values in WeChat's templates: a key such as `thing1` begins with its kind, and each kind has its limits.
//! A value over its limit makes WeChat refuse the whole message (47003), so what we send is made to fit.

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// 事物: 20 characters of any sort.
    Thing,
    /// 数字: 32 digits, with a decimal point perhaps.
    Number,
    /// 字母: 32 letters.
    Letter,
    /// 符号: 5 signs.
    Symbol,
    /// 字符串: 32 digits, letters or signs.
    CharacterString,
    /// 时间: an hour, with a day perhaps.
    Time,
    /// 日期: a day, with an hour perhaps.
    Date,
    /// 金额: a currency sign, 10 digits.
    Amount,
    /// 电话: 17 digits or signs.
    PhoneNumber,
    /// 车牌号码: 8.
    CarNumber,
    /// 姓名: 10 Chinese characters, or 20 letters or signs where there is no Chinese one.
    Name,
    /// 汉字: 5 Chinese characters.
    Phrase,
}

/// A value that no cutting makes fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nothing is left of it.
    #[error("is empty")]
    Empty,
    /// It's of another form.
    #[error("has another form")]
    Form,
}

impl ValueKind {
    /// The kind of the template's key `key`: its name, then a number.
    pub fn of_key(key: &str) -> Option<Self> {
        let name = key.trim_end_matches(|character: char| character.is_ascii_digit());
        if name.len() == key.len() {
            return None;
        }
        Some(match name {
            "thing" => Self::Thing,
            "number" => Self::Number,
            "letter" => Self::Letter,
            "symbol" => Self::Symbol,
            "character_string" => Self::CharacterString,
            "time" => Self::Time,
            "date" => Self::Date,
            "amount" => Self::Amount,
            "phone_number" => Self::PhoneNumber,
            "car_number" => Self::CarNumber,
            "name" => Self::Name,
            "phrase" => Self::Phrase,
            _ => return None,
        })
    }

    /// `text` as a value of this kind: on one line, without what the kind can't hold, and no longer than it may be. What
    /// is cut ends with `…` where the kind has room for such a sign.
    ///
    /// # Errors
    ///
    /// [`Unfit`] where nothing is left, or a part of a number or an hour would say something else than the whole.
    pub fn fit(self, text: &str) -> Result<String, Unfit> {
        let text = one_line(text);
        let fitted = match self {
            Self::Thing => cut(&text, 20, "…"),
            Self::CharacterString => cut(&only(&text, |c| c.is_ascii_graphic()), 32, "..."),
            Self::Letter => cut(&only(&text, |c| c.is_ascii_alphabetic()), 32, ""),
            Self::Symbol => cut(&only(&text, |c| !c.is_alphanumeric() && !c.is_whitespace()), 5, ""),
            Self::Phrase => cut(&only(&text, is_han), 5, ""),
            Self::CarNumber => whole(text, 8, |c| c.is_ascii_alphanumeric() || is_han(c))?,
            Self::PhoneNumber => whole(text, 17, |c| c.is_ascii_digit() || "+-".contains(c))?,
            Self::Amount => whole(text, 13, |c| c.is_ascii_digit() || ".¥￥$元".contains(c))?,
            Self::Number => whole(text, 32, |c| c.is_ascii_digit() || c == '.')?,
            Self::Date => whole(text, 32, |c| c.is_ascii_digit() || "年月日-/.:~ ".contains(c))?,
            Self::Time => {
                let text = whole(text, 32, |c| c.is_ascii_digit() || "年月日-/.:~ ".contains(c))?;
                if text.contains(':') { text } else { return Err(Unfit::Form) }
            }
            Self::Name => {
                let name = only(&text, |c| !c.is_ascii_digit());
                let limit = if name.chars().any(is_han) { 10 } else { 20 };
                cut(name.trim(), limit, "")
            }
        };
        if fitted.is_empty() { Err(Unfit::Empty) } else { Ok(fitted) }
    }
}

/// A Chinese character.
fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

/// `text` on one line: WeChat refuses line ends and other control characters.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn only(text: &str, keep: impl Fn(char) -> bool) -> String {
    text.chars().filter(|character| keep(*character)).collect()
}

/// At most `limit` of `text`, between characters, `end` in the place of what was cut. WeChat doesn't say how it counts
/// what lies beyond the first 65,536 characters; here each counts as two, so that it fits either way.
fn cut(text: &str, limit: usize, end: &str) -> String {
    let length = |text: &str| text.encode_utf16().count();
    if length(text) <= limit {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        if length(&kept) + character.len_utf16() + length(end) > limit {
            break;
        }
        kept.push(character);
    }
    kept + end
}

/// `text` where all of it is of this form and fits.
fn whole(text: String, limit: usize, form: impl Fn(char) -> bool) -> Result<String, Unfit> {
    if text.chars().count() <= limit && text.chars().all(form) { Ok(text) } else { Err(Unfit::Form) }
}
