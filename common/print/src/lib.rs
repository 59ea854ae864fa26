//! Documents as PDF: the electronic registration certificate (电子登记证), the letter that a registration is transferred
//! with (转出证明), the statement of hours (继续教育学时证明).
//!
//! Pure: a sheet goes in, bytes come out, and the same sheet makes the same bytes. The font is compiled in (10.2 MB), so
//! only the function that prints depends on this crate.

mod certificate;
mod document;
mod error;
mod facts;
mod flow;
mod font;
mod letter;
mod lines;
mod ornament;
mod pen;
mod photo;
mod qr;
mod sheet;
mod statement;

pub use certificate::certificate;
pub use error::{Characters, PrintError};
pub use letter::transfer_letter;
pub use photo::MAX_PHOTO_SIDE;
pub use sheet::{CertificateSheet, Imprint, LAYOUT, PaperSheet, Subject};
pub use statement::hours_statement;
