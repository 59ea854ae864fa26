//! Breaking text into lines, as Chinese is: anywhere between characters, but no line begins with a closing mark or ends
//! with an opening one, and words and figures stay whole.

use crate::{error::PrintError, font::Face};

/// Marks that no line begins with.
const CLOSING: &str = "，。、；：！？）》〉」』】”’％%·,.;:!?)…—";
/// Marks that no line ends with.
const OPENING: &str = "（《〈「『【“‘(";

/// `text` in lines of at most `width` ems. A word that is wider than a line is broken.
pub(crate) fn wrap(face: &Face, text: &str, width: f32) -> Result<Vec<String>, PrintError> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut filled = 0.0;
    for unit in units(text) {
        let unit_width = face.width(&unit)?;
        if filled + unit_width <= width {
            filled += unit_width;
            line.push_str(&unit);
            continue;
        }
        if !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
        }
        line.clear();
        filled = 0.0;
        for character in unit.trim_start().chars() {
            let wide = face.width(character.encode_utf8(&mut [0; 4]))?;
            if filled + wide > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                filled = 0.0;
            }
            filled += wide;
            line.push(character);
        }
    }
    if !line.trim().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    Ok(lines)
}

/// The pieces of `text` that stay whole.
fn units(text: &str) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    let mut before = None;
    for character in text.chars() {
        match units.last_mut() {
            Some(unit) if before.is_some_and(|before| sticks(before, character)) => unit.push(character),
            _ => units.push(character.into()),
        }
        before = Some(character);
    }
    units
}

/// True where there is no line's end between the two.
fn sticks(before: char, after: char) -> bool {
    let word = |character: char| character.is_ascii_graphic() || ('À'..='ɏ').contains(&character);
    CLOSING.contains(after) || OPENING.contains(before) || (word(before) && word(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_begins_with_a_closing_mark_and_figures_stay_whole() {
        let face = Face::get().unwrap();
        let lines = |text: &str, width: f32| wrap(face, text, width).unwrap();
        assert_eq!(lines("社会工作者登记", 4.0), ["社会工作", "者登记"]);
        assert_eq!(lines("社会工作，登记", 4.0), ["社会工", "作，登记"]);
        assert_eq!(lines("登记（注销）后", 3.0), ["登记", "（注", "销）后"]);
        assert_eq!(lines("有效期至2029年", 5.0), ["有效期至", "2029年"]);
        assert_eq!(lines("", 5.0), [""]);
        // Nothing is lost where a word is wider than a line.
        let word = "https://registry.example.org/verify/420106";
        let broken = lines(word, 6.0);
        assert!(broken.len() > 2);
        assert_eq!(broken.concat(), word);
        for line in lines("买买提江·阿不都热合曼·吐尔逊", 6.0) {
            assert!(!line.starts_with('·'), "{line}");
            assert!(face.width(&line).unwrap() <= 6.0);
        }
    }
}
