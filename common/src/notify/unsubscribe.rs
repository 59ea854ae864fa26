//! Links by which a reader takes themselves off reminders, without signing in: `{url}?t={holder}.{keyed hash}`. A link is
//! good for that one thing, and for good: mail is kept for years.

use crate::crypto::FieldCipher;
use domain::id::HolderId;
use http::Uri;
use ring::hmac;

/// Bytes of the keyed hash in a token.
const TAG: usize = 16;

/// Makes and checks the tokens of these links.
#[derive(Clone)]
pub struct UnsubscribeTokens(hmac::Key);

impl UnsubscribeTokens {
    /// By a key that follows from that of lookups, which every function has and nobody rotates.
    pub fn of(cipher: &FieldCipher) -> Self {
        Self(cipher.derived_key("unsubscribe"))
    }

    /// The token of `holder`.
    pub fn token(&self, holder: &HolderId) -> String {
        format!("{holder}.{}", hex::encode(&hmac::sign(&self.0, holder.as_str().as_bytes()).as_ref()[..TAG]))
    }

    /// Whose token it is; none where it's nobody's.
    pub fn holder(&self, token: &str) -> Option<HolderId> {
        let (holder, _) = token.split_once('.')?;
        let holder: HolderId = holder.parse().ok()?;
        let good = subtle::ConstantTimeEq::ct_eq(self.token(&holder).as_bytes(), token.as_bytes());
        bool::from(good).then_some(holder)
    }
}

/// Makes the links.
#[derive(Clone)]
pub struct UnsubscribeLinks {
    url: String,
    tokens: UnsubscribeTokens,
}

impl std::fmt::Debug for UnsubscribeLinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnsubscribeLinks").field("url", &self.url).finish_non_exhaustive()
    }
}

impl UnsubscribeLinks {
    /// To `url`, an address without a query; none where it's no such address.
    pub fn new(url: &str, tokens: UnsubscribeTokens) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let web = matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some();
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"',?#".contains(&byte));
        (web && plain).then(|| Self { url: url.to_owned(), tokens })
    }

    /// The link for `holder`.
    pub fn link(&self, holder: &HolderId) -> String {
        format!("{}?t={}", self.url, self.tokens.token(holder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn tokens(byte: u8) -> UnsubscribeTokens {
        UnsubscribeTokens(hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]))
    }

    #[test]
    fn a_token_is_its_holders_and_ours_alone() {
        let (holder, other) = (HolderId::mint(7), HolderId::mint(8));
        let token = tokens(1).token(&holder);
        assert_eq!(tokens(1).holder(&token), Some(holder.clone()));
        assert_eq!(tokens(2).holder(&token), None);
        let (_, tag) = token.split_once('.').unwrap();
        for forged in [
            format!("{other}.{tag}"),
            format!("{holder}."),
            holder.to_string(),
            tag.to_owned(),
            token[..token.len() - 1].to_owned(),
            format!("{token}0"),
            String::new(),
        ] {
            assert_eq!(tokens(1).holder(&forged), None, "{forged}");
        }
    }

    #[rstest]
    #[case("https://api.example.cn/v1/mail/unsubscribe", true)]
    #[case("http://127.0.0.1:8080/v1/mail/unsubscribe", true)]
    #[case("https://api.example.cn/?a=b", false)]
    #[case("https://api.example.cn/>, <mailto:x@example.cn", false)]
    #[case("mailto:x@example.cn", false)]
    #[case("/v1/mail/unsubscribe", false)]
    fn a_link_is_an_address_of_the_web(#[case] url: &str, #[case] good: bool) {
        assert_eq!(UnsubscribeLinks::new(url, tokens(1)).is_some(), good);
    }
}
