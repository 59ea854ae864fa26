//! Tables as officials open them: CSV (RFC 4180) in UTF-8 with a byte order mark, which Excel and WPS need to show
//! Chinese, and with nothing in a cell that a spreadsheet would take for a formula.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

/// A table being written.
#[derive(Debug, Clone)]
pub struct Csv(String);

impl Csv {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        let mut table = Self("\u{FEFF}".to_owned());
        table.row(columns);
        table
    }

    /// Adds a row.
    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            self.cell(cell.as_ref());
        }
        self.0.push_str("\r\n");
    }

    fn cell(&mut self, text: &str) {
        // A spreadsheet runs what begins so; the apostrophe makes it text. A number stays one.
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
        let quoted = formula || text.contains(['"', ',', '\r', '\n']);
        if quoted {
            self.0.push('"');
        }
        if formula {
            self.0.push('\'');
        }
        self.0.push_str(&if quoted { text.replace('"', "\"\"") } else { text.to_owned() });
        if quoted {
            self.0.push('"');
        }
    }

    /// The reply that has a browser save the table as `file_name`, of which only ASCII is taken.
    pub fn reply(self, file_name: &str) -> Response {
        let name: String = file_name
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter))
            .collect();
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        ];
        (headers, self.0).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::Csv;

    #[test]
    fn a_cell_is_text_whatever_it_holds() {
        let mut table = Csv::new(&["at", "why"]);
        table.row(&["=1+1", "he said \"well\",\nand went"]);
        table.row(&["-3.5", "@x"]);
        let expected = "\u{FEFF}at,why\r\n\"'=1+1\",\"he said \"\"well\"\",\nand went\"\r\n-3.5,\"'@x\"\r\n";
        assert_eq!(table.0, expected);
    }
}
