//! Canonical JSON (RFC 8785): what a signature is made over, so that whoever reads a paper as JSON, with its keys in
//! whatever order and with whatever blanks, comes to the same bytes.

use serde::Serialize;
use serde_json::Value;

/// The canonical bytes of `value`: keys in order, no blanks. Numbers are whole, or hours to a tenth, whose shortest form is
/// the same everywhere.
///
/// # Errors
/// Where `value` can't become JSON: a map whose keys aren't text.
pub fn canonical_json<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::new();
    write(&serde_json::to_value(value)?, &mut bytes)?;
    Ok(bytes)
}

fn write(value: &Value, bytes: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // By UTF-16 code units, as the RFC orders them.
            members.sort_by_key(|(key, _)| key.encode_utf16().collect::<Vec<_>>());
            bytes.push(b'{');
            for (index, (key, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                serde_json::to_writer(&mut *bytes, key)?;
                bytes.push(b':');
                write(value, bytes)?;
            }
            bytes.push(b'}');
        }
        Value::Array(items) => {
            bytes.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                write(item, bytes)?;
            }
            bytes.push(b']');
        }
        scalar => serde_json::to_writer(&mut *bytes, scalar)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_in_order_and_nothing_is_idle() {
        let value = json!({ "b": [1, 7.5, null, true], "a": { "中": "引\"号\n", "é": {} , "A": [] } });
        let text = String::from_utf8(canonical_json(&value).unwrap()).unwrap();
        assert_eq!(text, "{\"a\":{\"A\":[],\"é\":{},\"中\":\"引\\\"号\\n\"},\"b\":[1,7.5,null,true]}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(canonical_json(&read).unwrap(), text.as_bytes(), "read back, they are the same bytes");
    }
}
