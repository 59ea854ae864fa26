//! The second factor of staff: time-based one-time codes (RFC 6238) as every authenticator app makes them, 6 digits
//! of HMAC-SHA-1, a new one each 30 s. A code counts one step early or late, and once.

use crate::crypto::{CryptoError, random_bytes};
use domain::date::Instant;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt;
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// Seconds of a step.
const STEP_SECONDS: u64 = 30;

/// The stored secret isn't one; an internal error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored TOTP secret isn't 160 bits in base 32")]
pub struct InvalidTotpSecret;

impl InvalidTotpSecret {
    /// Stable name for logs.
    pub fn code(&self) -> &'static str {
        "totp_secret_invalid"
    }
}

/// What the server and an authenticator app share: 160 random bits. Sealed before it is stored; `Debug` hides it.
#[derive(Clone)]
pub struct TotpSecret([u8; 20]);

impl TotpSecret {
    /// A new one.
    pub fn generate() -> Result<Self, CryptoError> {
        random_bytes().map(Self)
    }

    /// A secret for nobody: codes are checked against it where there is no account.
    pub(super) fn nobody() -> Self {
        Self([0; 20])
    }

    /// Reads what [`Self::to_base32`] wrote.
    pub fn from_base32(text: &str) -> Result<Self, InvalidTotpSecret> {
        let secret = Secret::try_from_base32(text).map_err(|_| InvalidTotpSecret)?;
        secret.as_bytes().try_into().map(Self).map_err(|_| InvalidTotpSecret)
    }

    /// 32 characters, to be sealed for storage or typed into an app by hand.
    pub fn to_base32(&self) -> String {
        Secret::new_stack(self.0).to_base32()
    }

    /// The `otpauth://` address that an app reads from a QR code. `issuer` and `account` are what the app shows.
    pub fn provisioning_uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) =
            (utf8_percent_encode(issuer, NON_ALPHANUMERIC), utf8_percent_encode(account, NON_ALPHANUMERIC));
        let secret = self.to_base32();
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
        )
    }

    /// The step whose code `code` is, at `now` give or take one step; none where it is no current code. The caller
    /// must see to it that a step is taken once.
    pub fn matching_step(&self, code: &str, now: Instant) -> Option<u64> {
        self.totp().check(code, seconds(now))
    }

    /// The code an app shows at `now`, for the local runner and tests.
    pub fn code_at(&self, now: Instant) -> String {
        self.totp().generate(seconds(now)).to_string()
    }

    fn totp(&self) -> Totp {
        // Each value is within what the RFC allows, so there is nothing to refuse.
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(STEP_SECONDS)
            .with_secret(Secret::new_stack(self.0))
            .build_noncompliant()
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// An instant is never before 1970.
fn seconds(now: Instant) -> u64 {
    u64::try_from(now.unix_seconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// RFC 6238, appendix B: its secret, and of its codes the last 6 digits.
    const RFC_SECRET: [u8; 20] = *b"12345678901234567890";

    fn at(seconds: i64) -> Instant {
        Instant::from_unix_millis(seconds * 1000)
    }

    #[rstest]
    #[case(59, "287082")]
    #[case(1_111_111_109, "081804")]
    #[case(1_111_111_111, "050471")]
    #[case(1_234_567_890, "005924")]
    #[case(2_000_000_000, "279037")]
    #[case(20_000_000_000, "353130")]
    fn codes_are_those_of_rfc_6238(#[case] seconds: i64, #[case] code: &str) {
        let secret = TotpSecret(RFC_SECRET);
        assert_eq!(secret.code_at(at(seconds)), code);
        assert_eq!(secret.matching_step(code, at(seconds)), u64::try_from(seconds).ok().map(|s| s / 30));
    }

    #[rstest]
    #[case(-31, None)]
    #[case(-30, Some(1000))]
    #[case(0, Some(1000))]
    #[case(29, Some(1000))]
    #[case(30, Some(1000))]
    #[case(59, Some(1000))]
    #[case(60, None)]
    fn a_code_counts_one_step_early_or_late(#[case] offset: i64, #[case] step: Option<u64>) {
        let secret = TotpSecret(RFC_SECRET);
        let code = secret.code_at(at(30_000));
        assert_eq!(secret.matching_step(&code, at(30_000 + offset)), step);
    }

    #[test]
    fn what_is_no_code_never_matches() {
        let secret = TotpSecret(RFC_SECRET);
        for text in ["", "28708", "2870820", "+87082", "28708 2", "二八七零八二", "287082\n"] {
            assert_eq!(secret.matching_step(text, at(59)), None, "{text:?}");
        }
    }

    #[test]
    fn a_secret_reads_back_and_an_app_can_read_it() {
        let secret = TotpSecret::generate().unwrap();
        let text = secret.to_base32();
        assert_eq!(TotpSecret::from_base32(&text).unwrap().0, secret.0);
        assert_ne!(TotpSecret::generate().unwrap().0, secret.0);
        assert_eq!(TotpSecret::from_base32("MFRGG").unwrap_err(), InvalidTotpSecret);
        assert_eq!(TotpSecret::from_base32("1!").unwrap_err(), InvalidTotpSecret);
        assert!(!format!("{secret:?}").contains(&text));
        assert_eq!(
            TotpSecret(RFC_SECRET).provisioning_uri("社工登记", "wang@hb"),
            "otpauth://totp/%E7%A4%BE%E5%B7%A5%E7%99%BB%E8%AE%B0:wang%40hb?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=%E7%A4%BE%E5%B7%A5%E7%99%BB%E8%AE%B0&algorithm=SHA1&digits=6&period=30"
        );
    }
}
