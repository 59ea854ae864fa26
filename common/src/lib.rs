//! The shell around the domain: store, blobs, notification, sign-in, HTTP, configuration, telemetry.
//!
//! Arrows point down only: functions use this crate, this crate uses `domain`, and no room here knows a function.

pub mod auth;
pub mod aws;
pub mod blobs;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod endpoint;
pub mod http;
pub mod notify;
pub mod sns;
pub mod statement;
pub mod store;
pub mod telemetry;
pub mod view;
pub mod webhook;
pub mod wechat;
