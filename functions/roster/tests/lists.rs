//! Class lists as providers send them: whatever program they came from, each row is somebody or says what is wrong.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod sheet;
