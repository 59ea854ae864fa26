//! Short texts that people type: trimmed, one line, of a bounded length.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why a text can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Empty, too long, or with line breaks or other control characters.
    #[error("应为 1 至 100 个字符，不含换行")]
    Short,
    /// Not a name.
    #[error("姓名应为 2 至 50 个字符，只含汉字、字母、间隔号和空格")]
    Name,
}

fn is_one_line(text: &str, longest: usize) -> bool {
    let length = text.chars().count();
    (1..=longest).contains(&length) && !text.chars().any(char::is_control)
}

/// Up to 100 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShortText(String);

impl FromStr for ShortText {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let text = text.trim();
        if is_one_line(text, 100) { Ok(Self(text.to_owned())) } else { Err(InvalidText::Short) }
    }
}

/// A person's name as the identity document writes it: 2 to 50 characters, with `·` in it where names have several
/// parts. Characters of every GB 18030 plane are taken: rare characters are people's names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

impl FromStr for PersonName {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        // The middle dot is typed in several ways; identity cards print U+00B7.
        let text: String = text.trim().replace(['•', '‧', '・', '．'], "·");
        let allowed =
            |character: char| character.is_alphabetic() || matches!(character, '·' | ' ' | '-' | '\'' | '.');
        let letters = text.chars().filter(|character| character.is_alphabetic()).count();
        if is_one_line(&text, 50) && letters >= 2 && text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            Err(InvalidText::Name)
        }
    }
}

impl PersonName {
    /// `张**`: what the public sees.
    pub fn masked(&self) -> String {
        let mut characters = self.0.chars();
        let first = characters.next().map(String::from).unwrap_or_default();
        format!("{first}{}", "*".repeat(characters.count().clamp(1, 2)))
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

macro_rules! as_text {
    ($($name:ty),*) => {
        $(
            impl $name {
                /// The text.
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl From<$name> for String {
                fn from(text: $name) -> Self {
                    text.0
                }
            }

            impl TryFrom<String> for $name {
                type Error = InvalidText;

                fn try_from(text: String) -> Result<Self, InvalidText> {
                    text.parse()
                }
            }
        )*
    };
}
as_text!(ShortText, PersonName);

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("张三", Some("张三"))]
    #[case(" 阿卜杜拉•买买提 ", Some("阿卜杜拉·买买提"))]
    #[case("𠮷田", Some("𠮷田"))]
    #[case("Anna-Maria O'Neill", Some("Anna-Maria O'Neill"))]
    #[case("张", None)]
    #[case("张三\r\nBcc: x@example.com", None)]
    #[case("<script>", None)]
    #[case("张3", None)]
    #[case("", None)]
    fn names(#[case] text: &str, #[case] name: Option<&str>) {
        assert_eq!(text.parse::<PersonName>().ok().as_ref().map(PersonName::as_str), name);
    }

    #[test]
    fn a_short_text_is_one_line_of_at_most_a_hundred_characters() {
        assert!("社".repeat(100).parse::<ShortText>().is_ok());
        for text in ["社".repeat(101), "  ".into(), "a\nb".into(), "a\u{7}b".into()] {
            assert_eq!(text.parse::<ShortText>(), Err(InvalidText::Short));
        }
    }

    #[test]
    fn the_public_sees_the_first_character_of_a_name() {
        let masked = |name: &str| name.parse::<PersonName>().unwrap().masked();
        assert_eq!((masked("张三"), masked("欧阳娜娜")), ("张*".into(), "欧**".into()));
    }
}
