//! A member of staff signs in: password, one-time code, and the count of failures that locks the account for a while.
//! Decides only; whoever calls it stores the guard it returns, on condition that the account is still as it was read.

use super::{
    password::{self, PasswordError, PasswordHash},
    totp::TotpSecret,
};
use domain::date::Instant;
use serde::{Deserialize, Serialize};

/// Failures in a row that lock an account.
pub const MAX_FAILURES: u32 = 10;
/// How long it stays locked, in seconds.
pub const LOCK_SECONDS: i64 = 15 * 60;

/// The sign-in is refused; a `401`. One answer for every reason (no such account, wrong password, wrong or used code,
/// locked, disabled), so that nobody learns from it which accounts exist or which half was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "账号、密码或动态验证码不正确，或账号已停用；连续 {MAX_FAILURES} 次失败后账号锁定 {} 分钟，请稍后重试或联系管理员",
    LOCK_SECONDS / 60
)]
pub struct SignInRefused;

impl SignInRefused {
    /// Stable name in problem replies.
    pub fn code(&self) -> &'static str {
        "sign_in_refused"
    }
}

/// What an account remembers of attempts to sign in to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInGuard {
    /// Failures since the last success or lock.
    #[serde(default)]
    failures: u32,
    /// Until when every attempt is refused unseen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locked_until: Option<Instant>,
    /// The step of the last one-time code that was taken; only later ones are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_step: Option<u64>,
}

impl SignInGuard {
    /// True where attempts are refused at `now` whatever they hold.
    pub fn is_locked(&self, now: Instant) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    fn succeeded(&self, step: u64) -> Self {
        Self { failures: 0, locked_until: None, last_step: self.last_step.max(Some(step)) }
    }

    /// An attempt on a locked account changes nothing: who keeps trying doesn't lengthen the lock.
    fn failed(&self, now: Instant) -> Self {
        if self.is_locked(now) {
            return self.clone();
        }
        let failures = self.failures + 1;
        if failures >= MAX_FAILURES {
            Self {
                failures: 0,
                locked_until: Some(now.plus_seconds(LOCK_SECONDS)),
                last_step: self.last_step,
            }
        } else {
            Self { failures, locked_until: None, last_step: self.last_step }
        }
    }
}

/// What an account is signed in to with.
#[derive(Debug)]
pub struct Credentials<'a> {
    /// The password's hash.
    pub password: &'a PasswordHash,
    /// The second factor, opened.
    pub totp: &'a TotpSecret,
    /// What is remembered of earlier attempts.
    pub guard: &'a SignInGuard,
    /// True where an administrator has disabled the account.
    pub disabled: bool,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Store the guard; they are in. If the store says that the account changed meanwhile, refuse: the same code may
    /// have been taken by a parallel attempt.
    Accepted(SignInGuard),
    /// Store the guard where there is an account, and refuse with [`SignInRefused`].
    Refused(Option<SignInGuard>),
}

/// Judges one attempt at `now`. The password is hashed and the code computed in every case, also where there is no
/// account or it's locked. Takes some 20 ms of a whole core.
pub fn attempt(
    account: Option<&Credentials<'_>>,
    password: &str,
    code: &str,
    now: Instant,
) -> Result<Attempt, PasswordError> {
    let password_matches = password::verify(password, account.map(|account| account.password))?;
    let nobody = TotpSecret::nobody();
    let step = account.map_or(&nobody, |account| account.totp).matching_step(code, now);
    let Some(account) = account else {
        return Ok(Attempt::Refused(None));
    };
    let guard = account.guard;
    match step {
        Some(step)
            if password_matches
                && Some(step) > guard.last_step
                && !account.disabled
                && !guard.is_locked(now) =>
        {
            Ok(Attempt::Accepted(guard.succeeded(step)))
        }
        _ => Ok(Attempt::Refused(Some(guard.failed(now)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    const PASSWORD: &str = "correct horse battery";
    static STORED: LazyLock<PasswordHash> =
        LazyLock::new(|| PasswordHash::of(&PASSWORD.parse().unwrap()).unwrap());

    fn now() -> Instant {
        "2029-03-01T08:00:00Z".parse().unwrap()
    }

    fn totp() -> TotpSecret {
        TotpSecret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap()
    }

    fn try_at(guard: &SignInGuard, password: &str, code: &str, disabled: bool, now: Instant) -> Attempt {
        let account = Credentials { password: &STORED, totp: &totp(), guard, disabled };
        attempt(Some(&account), password, code, now).unwrap()
    }

    fn accepted(attempt: Attempt) -> SignInGuard {
        match attempt {
            Attempt::Accepted(guard) => guard,
            Attempt::Refused(guard) => panic!("refused: {guard:?}"),
        }
    }

    fn refused(attempt: Attempt) -> SignInGuard {
        match attempt {
            Attempt::Refused(Some(guard)) => guard,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn password_and_code_together_sign_in_and_nothing_less() {
        let guard = SignInGuard::default();
        let code = totp().code_at(now());
        accepted(try_at(&guard, PASSWORD, &code, false, now()));
        refused(try_at(&guard, "wrong horse battery", &code, false, now()));
        refused(try_at(&guard, PASSWORD, "000000", false, now()));
        refused(try_at(&guard, PASSWORD, &code, true, now()));
        assert_eq!(attempt(None, PASSWORD, &code, now()).unwrap(), Attempt::Refused(None));
        let nobodys = TotpSecret::nobody().code_at(now());
        assert_eq!(attempt(None, PASSWORD, &nobodys, now()).unwrap(), Attempt::Refused(None));
    }

    #[test]
    fn a_code_is_taken_once_and_no_earlier_one_after_it() {
        let (early, code) = (totp().code_at(now().plus_seconds(-30)), totp().code_at(now()));
        let guard = accepted(try_at(&SignInGuard::default(), PASSWORD, &code, false, now()));
        let guard = refused(try_at(&guard, PASSWORD, &code, false, now()));
        let guard = refused(try_at(&guard, PASSWORD, &early, false, now()));
        let later = now().plus_seconds(30);
        accepted(try_at(&guard, PASSWORD, &totp().code_at(later), false, later));
    }

    #[test]
    fn ten_failures_lock_for_a_quarter_of_an_hour() {
        let mut guard = SignInGuard::default();
        for failure in 1..=MAX_FAILURES {
            assert!(!guard.is_locked(now()), "before failure {failure}");
            guard = guard.failed(now());
        }
        let open = now().plus_seconds(LOCK_SECONDS);
        let code = totp().code_at(now());
        let still = refused(try_at(&guard, PASSWORD, &code, false, now()));
        assert_eq!(still, guard, "an attempt meanwhile doesn't lengthen the lock");
        assert!(guard.is_locked(open.plus_seconds(-1)) && !guard.is_locked(open));
        let guard = refused(try_at(&guard, "wrong", &totp().code_at(open), false, open));
        assert_eq!(guard.failures, 1, "and counting starts anew");
        let guard = accepted(try_at(&guard, PASSWORD, &totp().code_at(open), false, open));
        assert_eq!(guard.failures, 0);
    }

    #[test]
    fn what_is_remembered_reads_back() {
        let guard = SignInGuard { failures: 3, locked_until: Some(now()), last_step: Some(7) };
        let json = serde_json::to_string(&guard).unwrap();
        assert_eq!(serde_json::from_str::<SignInGuard>(&json).unwrap(), guard);
        assert_eq!(serde_json::from_str::<SignInGuard>("{}").unwrap(), SignInGuard::default());
    }
}
