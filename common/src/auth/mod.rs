//! Sign-in: who somebody is, and for how long we take their word for it. Access tokens are short-lived signed JWTs
//! that every function verifies by itself; refresh tokens and staff credentials are looked up where they are used.

pub mod clients;
mod jwt_provider;
pub mod keys;
pub mod password;
pub mod principal;
pub mod refresh;
pub mod secret;
pub mod sign_in;
pub mod token;
pub mod totp;
