//! Subscribe messages, over the real flow and WeChat's stand-in: what a holder accepted is spent once, what WeChat doesn't
//! carry goes by mail, and of all that need a token one asks for it.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used)]

mod answers;
mod bureau;
mod failures;
mod flow;
mod tokens;
