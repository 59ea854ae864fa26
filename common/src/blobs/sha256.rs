//! A SHA-256 as clients announce it (64 hex digits) and as S3 wants it (base64).

use base64::{Engine, engine::general_purpose::STANDARD};
use std::{fmt, str::FromStr};

/// A file's SHA-256. Its `Display` is hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sha256([u8; 32]);

/// The text isn't 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sha256 应为 64 位十六进制数字")]
pub struct InvalidSha256;

impl Sha256 {
    /// As `x-amz-checksum-sha256` has it.
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for Sha256 {
    type Err = InvalidSha256;

    fn from_str(text: &str) -> Result<Self, InvalidSha256> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidSha256)?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_comes_in_and_base64_goes_out() {
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let hash: Sha256 = hex.to_uppercase().parse().unwrap();
        assert_eq!(hash.to_string(), hex);
        assert_eq!(hash.to_base64(), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        for wrong in ["", &hex[1..], &format!("{hex}0"), &hex.replace('b', "g"), &hash.to_base64()] {
            assert_eq!(wrong.parse::<Sha256>(), Err(InvalidSha256), "{wrong}");
        }
    }
}
