//! Text and tables that run over as many upright pages as they need.
//!
//! Everything is measured and put on pages before the first is drawn, so that each can say how many there are. A table's
//! head is repeated on each page; no row is broken; what belongs together stays together.

use crate::{
    document::{A4, Sheets, printed},
    error::PrintError,
    font::Face,
    lines::wrap,
    ornament,
    pen::{Align, Area, Ink, Pen, Style},
    qr,
    sheet::Imprint,
};

/// Where text begins, and how wide it is.
pub(crate) const COLUMN: (f32, f32) = (68.0, A4.0 - 2.0 * 68.0);
/// Where a page's text begins and ends.
const TOP: f32 = 74.0;
const BOTTOM: f32 = A4.1 - 74.0;
/// The room at a page's foot for its number.
const FOLIO: f32 = 90.0;
/// The side of the QR code.
const QR_SIDE: f32 = 104.0;
/// In a cell: from one line to the next, above and below, to the left and right.
const CELL_LINE: f32 = 13.5;
const CELL_PAD: (f32, f32) = (4.0, 5.0);

const TITLE: Style = Style::of(24.0, Ink::RED).heavy().tracked(0.08);
const TEXT: Style = Style::of(12.0, Ink::TEXT);
const HEADING: Style = Style::of(12.0, Ink::TEXT).heavy();
const CELL: Style = Style::of(10.0, Ink::TEXT);
const SMALL: Style = Style::of(9.0, Ink::QUIET);

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Its share of the width.
    pub share: f32,
    /// Where its text stands.
    pub align: Align,
    /// True for a column of labels.
    pub label: bool,
}

impl Column {
    /// A column of values.
    pub const fn of(share: f32, align: Align) -> Self {
        Self { share, align, label: false }
    }

    /// A column of labels.
    pub const fn label(share: f32) -> Self {
        Self { share, align: Align::Left, label: true }
    }
}

/// Something that stays whole.
struct Block {
    height: f32,
    /// True where it stays on one page with the next.
    with_next: bool,
    content: Content,
}

enum Content {
    Line { style: Style, align: Align, text: String },
    Row { columns: &'static [Column], cells: Vec<Vec<String>>, head: bool },
    Signature { authority: String, issued: String, qr: String },
    Space,
}

/// A document in the making.
pub(crate) struct Flow {
    face: &'static Face,
    blocks: Vec<Block>,
}

impl Flow {
    /// An empty one.
    pub fn new() -> Result<Self, PrintError> {
        Ok(Self { face: Face::get()?, blocks: Vec::new() })
    }

    fn push(&mut self, height: f32, with_next: bool, content: Content) {
        self.blocks.push(Block { height, with_next, content });
    }

    /// The title, and under it `mark`, which tells the document from others of its kind: its number, or its day.
    pub fn title(&mut self, title: &str, mark: &str) {
        self.push(46.0, true, Content::Line { style: TITLE, align: Align::Centre, text: title.to_owned() });
        let (style, text) = (SMALL.sized(10.0), mark.to_owned());
        self.push(26.0, true, Content::Line { style, align: Align::Right, text });
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) -> Result<(), PrintError> {
        let lines = wrap(self.face, text, COLUMN.1 / TEXT.size)?;
        let last = lines.len().saturating_sub(1);
        for (place, text) in lines.into_iter().enumerate() {
            self.push(21.0, place != last, Content::Line { style: TEXT, align: Align::Left, text });
        }
        Ok(())
    }

    /// A heading, which stays with what follows.
    pub fn heading(&mut self, text: &str) -> Result<(), PrintError> {
        self.space(10.0);
        for text in wrap(self.face, text, COLUMN.1 / HEADING.size)? {
            self.push(19.0, true, Content::Line { style: HEADING, align: Align::Left, text });
        }
        self.push(4.0, true, Content::Space);
        Ok(())
    }

    /// Empty space.
    pub fn space(&mut self, height: f32) {
        self.push(height, false, Content::Space);
    }

    /// The head of a table: it stays with the first row, and is repeated on each page the table reaches.
    pub fn head(&mut self, columns: &'static [Column], titles: &[&str]) -> Result<(), PrintError> {
        self.add_row(columns, titles, true)
    }

    /// A row.
    pub fn row(&mut self, columns: &'static [Column], cells: &[&str]) -> Result<(), PrintError> {
        self.add_row(columns, cells, false)
    }

    fn add_row(&mut self, columns: &'static [Column], cells: &[&str], head: bool) -> Result<(), PrintError> {
        let mut wrapped = Vec::new();
        for (column, cell) in columns.iter().zip(cells) {
            let width = (width(columns, column.share) - 2.0 * CELL_PAD.1) / CELL.size;
            let mut lines = Vec::new();
            for part in cell.lines() {
                lines.extend(wrap(self.face, part, width)?);
            }
            wrapped.push(lines);
        }
        let lines = wrapped.iter().map(Vec::len).max().unwrap_or(1).max(1);
        // A cell has some dozens of lines at the most.
        #[allow(clippy::cast_precision_loss)]
        let height = lines as f32 * CELL_LINE + 2.0 * CELL_PAD.0;
        self.push(height, head, Content::Row { columns, cells: wrapped, head });
        Ok(())
    }

    /// Who issued it and when, beside the QR code: the document's end, which stays with what is before it.
    pub fn sign(&mut self, imprint: &Imprint<'_>) {
        self.blocks.last_mut().into_iter().for_each(|before| before.with_next = true);
        self.push(16.0, true, Content::Space);
        let (authority, qr) = (imprint.authority.to_owned(), imprint.qr.to_owned());
        let content = Content::Signature { authority, issued: printed(imprint.issued_on), qr };
        self.push(QR_SIDE + 22.0, false, content);
    }

    /// The pages: for each, its blocks, and before them the head of a table that goes on.
    fn pages(&self) -> Vec<Vec<&Block>> {
        let mut pages: Vec<Vec<&Block>> = vec![Vec::new()];
        let mut y = TOP;
        let mut head: Option<&Block> = None;
        for (place, block) in self.blocks.iter().enumerate() {
            // What has to stay on one page, with this block as its first.
            let kept = self.blocks[place..].iter().take_while(|block| block.with_next).count();
            let needed: f32 = self.blocks[place..].iter().take(kept + 1).map(|block| block.height).sum();
            let fresh = pages.last().is_none_or(Vec::is_empty);
            if y + needed.min(BOTTOM - TOP) > BOTTOM && !fresh {
                pages.push(Vec::new());
                y = TOP;
                if let (Some(head), Content::Row { head: false, .. }) = (head, &block.content) {
                    y += head.height;
                    pages.last_mut().into_iter().for_each(|page| page.push(head));
                }
            }
            match &block.content {
                Content::Row { head: true, .. } => head = Some(block),
                Content::Row { .. } => {}
                _ => head = None,
            }
            // No page begins with empty space.
            if matches!(block.content, Content::Space) && pages.last().is_none_or(Vec::is_empty) {
                continue;
            }
            y += block.height;
            pages.last_mut().into_iter().for_each(|page| page.push(block));
        }
        pages
    }

    /// Prints it. `name` and `mark` stand at the head of each page but the first.
    pub fn print(self, name: &str, mark: &str, imprint: &Imprint<'_>) -> Result<Vec<u8>, PrintError> {
        let mut sheets = Sheets::new(format!("{name} {mark}"), imprint.authority, imprint.issued_on)?;
        let pages = self.pages();
        let how = format!(
            "核验方法：扫描末页二维码，系统验证签名后显示登记册中本证明的全部内容，请逐项核对，不一致的无效。也可登录 {} 凭登记号查询登记现状。",
            imprint.portal
        );
        let how = wrap(self.face, &how, (COLUMN.1 - FOLIO) / SMALL.size)?;
        for (place, page) in pages.iter().enumerate() {
            sheets.page(A4, |pen| {
                let mut y = TOP;
                for block in page {
                    draw(pen, block, y)?;
                    y += block.height;
                }
                pen.line((COLUMN.0, BOTTOM + 14.0), (COLUMN.0 + COLUMN.1, BOTTOM + 14.0), Ink::RULE, 0.4);
                let mut y = BOTTOM + 28.0;
                let foot = format!("第{}页　共{}页", place + 1, pages.len());
                pen.aligned(COLUMN, y, SMALL, Align::Right, &foot)?;
                for line in &how {
                    pen.aligned(COLUMN, y, SMALL, Align::Left, line)?;
                    y += 13.0;
                }
                if place > 0 {
                    pen.aligned(COLUMN, TOP - 22.0, SMALL, Align::Left, &format!("{name}　{mark}"))?;
                }
                Ok(())
            })?;
        }
        sheets.finish()
    }
}

/// How wide a column of that share is.
fn width(columns: &[Column], share: f32) -> f32 {
    COLUMN.1 * share / columns.iter().map(|column| column.share).sum::<f32>()
}

fn draw(pen: &mut Pen<'_, '_>, block: &Block, y: f32) -> Result<(), PrintError> {
    match &block.content {
        Content::Space => Ok(()),
        Content::Line { style, align, text } => {
            pen.aligned(COLUMN, y + style.size, *style, *align, text)?;
            if style.size >= TITLE.size {
                ornament::divider(pen, (A4.0 / 2.0, y + TITLE.size + 13.0), 150.0);
            }
            Ok(())
        }
        Content::Row { columns, cells, head } => draw_row(pen, columns, cells, *head, (y, block.height)),
        Content::Signature { authority, issued, qr } => {
            let square = Area::new(COLUMN.0, y, QR_SIDE, QR_SIDE);
            qr::draw(pen, square, qr)?;
            pen.frame(square, Ink::GOLD, 0.6);
            pen.aligned((COLUMN.0, QR_SIDE), y + QR_SIDE + 15.0, SMALL, Align::Centre, "扫描二维码核验")?;
            let style = HEADING.sized(14.0);
            let size = style.size.min((COLUMN.1 - QR_SIDE - 12.0) / pen.face.width(authority)?.max(1.0));
            pen.aligned(COLUMN, y + QR_SIDE - 28.0, style.sized(size), Align::Right, authority)?;
            pen.aligned(COLUMN, y + QR_SIDE - 6.0, TEXT, Align::Right, issued)
        }
    }
}

fn draw_row(
    pen: &mut Pen<'_, '_>,
    columns: &[Column],
    cells: &[Vec<String>],
    head: bool,
    (y, height): (f32, f32),
) -> Result<(), PrintError> {
    let mut x = COLUMN.0;
    for (column, lines) in columns.iter().zip(cells) {
        let width = width(columns, column.share);
        let area = Area::new(x, y, width, height);
        if head || column.label {
            pen.block(area, Ink::HEAD);
        }
        pen.frame(area, Ink::RULE, 0.5);
        let style = Style { ink: if head || column.label { Ink::QUIET } else { CELL.ink }, ..CELL };
        let align = if head { Align::Centre } else { column.align };
        let mut line_y = y + CELL_PAD.0 + CELL.size;
        for line in lines {
            pen.aligned((x + CELL_PAD.1, width - 2.0 * CELL_PAD.1), line_y, style, align, line)?;
            line_y += CELL_LINE;
        }
        x += width;
    }
    Ok(())
}
