//! Signing in, staying signed in, and the accounts of staff: the function's router over a real DynamoDB, with WeChat's
//! stand-in behind a real socket.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod credentials;
mod holders;
mod house;
mod operator;
mod posts;
mod staff;
mod staying;
