//! Names of attributes and indexes, and what partition keys begin with.

/// Partition key.
pub const PK: &str = "pk";
/// Sort key.
pub const SK: &str = "sk";
/// The review queue's index.
pub const QUEUE_INDEX: &str = "queue";
/// Its partition key.
pub const QUEUE_PK: &str = "queue_pk";
/// Its sort key.
pub const QUEUE_SK: &str = "queue_sk";
/// The index of what falls due: reminders by day, messages by time.
pub const DUE_INDEX: &str = "due";
/// Its partition key.
pub const DUE_PK: &str = "due_pk";
/// Its sort key.
pub const DUE_SK: &str = "due_sk";
/// The index of what a holder was told, by time.
pub const MESSAGES_INDEX: &str = "messages";
/// Its partition key.
pub const MESSAGES_PK: &str = "messages_pk";
/// Its sort key.
pub const MESSAGES_SK: &str = "messages_sk";
/// When DynamoDB may remove an item, in seconds since 1970.
pub const EXPIRES_AT: &str = "expires_at";
/// What kind of record an item is.
pub const ENTITY: &str = "entity";

/// What the partition keys of class lists begin with; a deployed stream's filter names it too.
pub const PROVIDER_PREFIX: &str = "PROVIDER#";

/// What the partition keys of the outbox begin with; a deployed stream's filter names it too.
pub const OUTBOX_PREFIX: &str = "OUTBOX#";

/// What the partition keys of holders begin with; a deployed stream's filter names it too.
pub const HOLDER_PREFIX: &str = "HOLDER#";

/// What the partition keys of standing lists begin with; a deployed stream's filter names it too.
pub const WATCHER_PREFIX: &str = "WATCHER#";

/// What the partition keys of the figures' marks begin with.
pub(crate) const MARK_PREFIX: &str = "MARK#";
