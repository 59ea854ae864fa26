//! What WeChat takes as a value of each kind, from its documentation and not from the code that makes values fit.

/// True where WeChat takes `value` under `key`.
pub(super) fn takes(key: &str, value: &str) -> bool {
    let length = value.chars().count();
    let within = |limit: usize| (1..=limit).contains(&length) && !value.chars().any(char::is_control);
    let all = |of: &dyn Fn(char) -> bool| value.chars().all(of);
    let han = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
    let of_a_day = |character: char| character.is_ascii_digit() || "年月日-/.:~ ".contains(character);
    match key.trim_end_matches(|character: char| character.is_ascii_digit()) {
        "thing" => within(20),
        "number" => within(32) && value.parse::<f64>().is_ok(),
        "letter" => within(32) && all(&|character| character.is_ascii_alphabetic()),
        "symbol" => within(5) && all(&|character| !character.is_alphanumeric()),
        "character_string" => within(32) && value.is_ascii(),
        "time" => within(32) && value.contains(':') && all(&of_a_day),
        "date" => within(32) && value.contains('年') && all(&of_a_day),
        "amount" => within(13),
        "phone_number" => {
            within(17) && all(&|character| character.is_ascii_digit() || "+-".contains(character))
        }
        "car_number" => within(8),
        "name" => {
            within(if value.chars().any(han) { 10 } else { 20 })
                && all(&|character| !character.is_ascii_digit())
        }
        "phrase" => within(5) && all(&han),
        _ => false,
    }
}
