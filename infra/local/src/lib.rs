//! Everything on one machine: an embedded DynamoDB and its stream, an embedded S3, a mailbox behind a
//! real SMTP port, a stand-in for WeChat's sign-in, and the API reference. And what an operator runs by hand, here or on a
//! deployed table.
//!
//! Each room stands alone, listens on loopback only, picks its own port when asked for port 0, and stops
//! when it is dropped; the `local` binary opens one of each, and a test opens as many as it likes.

pub mod audit;
pub mod clock;
pub mod desk;
pub mod dynamodb;
pub mod employer;
pub mod figures;
pub mod gateway;
pub mod keys;
pub mod lanes;
pub mod mailbox;
pub mod operator;
pub mod reference;
pub mod s3;
pub mod serve;
pub mod staff;
pub mod stream;
pub mod system;
pub mod tour;
pub mod wechat;
