//! Figures for policy: from a change in the register to what officials read, with batches of the stream that come twice, late
//! or half, and counted anew from every registration there is.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod batches;
mod bureau;
mod life;
mod many;
mod rebuilding;
