//! What WeChat's error codes mean for a message and for the count of what was accepted.

/// What an answer to `subscribeMessage.send` that isn't `0` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The access token isn't the present one: another token and once more.
    TokenRejected,
    /// The reader takes no message of this template: whatever we counted, nothing is left.
    UserRefused,
    /// WeChat doesn't know the reader.
    UserUnknown,
    /// The message can't be taken as it is, nor any like it: somebody has to mend the template's configuration.
    BadMessage,
    /// We may not send: the mini-program isn't allowed to, or our address isn't on its list.
    Barred,
    /// Too fast, or WeChat is busy: the same message may be taken later.
    Busy,
}

/// The verdict of `errcode`. What we never heard of is treated as something that passes.
pub fn verdict(errcode: i64) -> Verdict {
    match errcode {
        // Invalid credential, invalid access_token, access_token missing, access_token expired.
        40001 | 40014 | 41001 | 42001 => Verdict::TokenRejected,
        // The user refuses, or took the subscription back, or used it up.
        43101 => Verdict::UserRefused,
        // Invalid openid.
        40003 => Verdict::UserUnknown,
        // Template unknown or too long, page unknown, no body, a field wrong, no JSON, a sensitive word.
        40036 | 40037 | 41030 | 44002 | 45168 | 47001 | 47003 => Verdict::BadMessage,
        // App id, app secret, address not on the list, the interface or the ability to send withdrawn.
        40013 | 40125 | 40164 | 43107 | 48001 | 48004 => Verdict::Barred,
        // -1 system busy, 45009 daily quota, 45011 quota of a minute, 45047 and 43117 too many to one reader, 43108 two
        // at once to one reader; and whatever comes up later.
        _ => Verdict::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::{Verdict, verdict};

    #[test]
    fn each_code_that_matters_is_of_a_kind() {
        for (codes, kind) in [
            (&[40001, 40014, 42001][..], Verdict::TokenRejected),
            (&[43101], Verdict::UserRefused),
            (&[40003], Verdict::UserUnknown),
            (&[40037, 41030, 47003], Verdict::BadMessage),
            (&[40164, 43107, 48001], Verdict::Barred),
            (&[-1, 45009, 45011, 45047, 43108, 99_999], Verdict::Busy),
        ] {
            for code in codes {
                assert_eq!(verdict(*code), kind, "{code}");
            }
        }
    }
}
