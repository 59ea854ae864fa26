//! Claims that say the same, so that whoever reviews can decide them together.

use crate::credit::CreditRecord;
use sha2::{Digest, Sha256};

/// The same for two records that say the same to whoever reviews them: form, category, title, provider, course, days and
/// hours; whether words are written with spaces or in capitals is no matter. Whose they are isn't in it: a class that
/// claims one course makes one group.
///
/// 16 hexadecimal digits. Records with different keys differ; those with the same one are compared by people.
pub fn alike_key(record: &CreditRecord) -> String {
    let done = &record.activity;
    let said = [
        done.form.key().to_owned(),
        done.category.label().to_owned(),
        crate::credit::folded(done.title.as_str()),
        done.provider.as_ref().map(|provider| crate::credit::folded(provider.as_str())).unwrap_or_default(),
        done.course.as_ref().map(ToString::to_string).unwrap_or_default(),
        done.done_from.compact(),
        done.done_to.compact(),
        record.claimed.tenths().to_string(),
        record.unit.clone(),
    ];
    let mut digest = Sha256::new();
    for part in said {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut key = format!("{:x}", digest.finalize());
    key.truncate(16);
    key
}
