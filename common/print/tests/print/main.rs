//! The documents as somebody has them in hand: read by poppler and by a reader of QR codes, neither of which is ours.

// The workspace allows these in test functions; here the helpers beside them are tests too. Pictures are small: their sides
// and greys are exact in any number.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::many_single_char_names
)]

mod certificate;
mod letters;
mod paper;
mod photos;
mod sheets;
