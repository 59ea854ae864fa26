//! Each room of the local runner, tried from outside with the clients that will really use it.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clients;
mod dynamodb;
mod mailbox;
mod reference;
mod s3;
mod s3_forms;
mod stream;
mod wechat;
mod wechat_messages;
