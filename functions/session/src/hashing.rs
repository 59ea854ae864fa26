//! Where passwords are hashed: on a thread that may block, a few at a time. Each takes 19 MiB and some 20 ms of a whole
//! core; the requests beside it go on meanwhile, and a flood of them waits its turn.

use tokio::sync::Semaphore;

/// How many passwords are hashed at once.
static PLACES: Semaphore = Semaphore::const_new(4);

/// The thread was ended before it was done.
#[derive(Debug, thiserror::Error)]
#[error("password hashing was interrupted")]
pub struct Interrupted;

/// Runs `work` where it may block.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Interrupted> {
    let _place = PLACES.acquire().await.map_err(|_| Interrupted)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| Interrupted)
}
