//! Rows for people or programs.
//!
//! Cells that identify a row are shown whole. Only a column of free text is shortened, and only to the width of a
//! terminal.

use serde_json::{Map, Value};

use crate::cli::terminal::output::{self, Format};
use crate::cli::terminal::printable::{on_one_line, printable, shortened, width};

/// Bytes that a table buffers before it writes: enough to find the column widths of a page.
const HELD_BYTES_MAX: usize = 256 * 1024;
/// Spaces between columns.
const GAP: usize = 2;
/// The smallest width of a text column, however narrow the terminal is.
const TEXT_COLUMNS_MIN: usize = 16;
/// The cell of a missing value.
const NOTHING: &str = "-";

/// Fields by name, as in JSON output.
pub(crate) type Object = Map<String, Value>;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// The field that the column shows. In capitals it is the heading.
    name: &'static str,
    /// The initial width, because later rows may be wider than the first ones.
    width: usize,
    is_text: bool,
}

impl Column {
    /// Returns a column whose cells are shown whole.
    pub(crate) const fn of(name: &'static str, width: usize) -> Self {
        Self {
            name,
            width,
            is_text: false,
        }
    }

    /// Returns a column of free text, which must be the last.
    pub(crate) const fn text(name: &'static str) -> Self {
        Self {
            name,
            width: 0,
            is_text: true,
        }
    }
}

/// Writes rows to the standard output.
#[derive(Debug)]
pub(crate) struct Table {
    format: Format,
    columns: Vec<Column>,
    has_head: bool,
    rows: Vec<Vec<String>>,
    /// The width of the terminal at the last flush. `None` means that the output is not a terminal.
    terminal: Option<usize>,
    lines: String,
    held_bytes: usize,
}

impl Table {
    /// Returns an empty table with these columns. A table for people begins with its headings.
    pub(crate) fn new(format: Format, columns: &[Column]) -> Self {
        Self {
            format,
            columns: columns.to_vec(),
            has_head: false,
            rows: Vec::new(),
            terminal: output::columns(),
            lines: String::new(),
            held_bytes: 0,
        }
    }

    /// Writes a row: all fields in JSON, the columns' fields for people.
    pub(crate) fn row(&mut self, fields: &Object) -> anyhow::Result<()> {
        match self.format {
            Format::Json => self.json(&serde_json::to_string(fields)?),
            Format::Table => {
                let shown =
                    |column: &Column| fields.get(column.name).map_or_else(|| NOTHING.into(), cell);
                let cells = self.columns.iter().map(shown).collect();
                self.cells(cells)
            }
        }
    }

    /// Writes a row of JSON.
    pub(crate) fn json(&mut self, json: &str) -> anyhow::Result<()> {
        self.lines.push_str(json);
        self.lines.push('\n');
        self.hold(json.len())
    }

    /// Writes a row for people, with a cell per column.
    pub(crate) fn cells(&mut self, cells: Vec<String>) -> anyhow::Result<()> {
        let each = cells.into_iter().zip(&self.columns);
        let cells = each.map(|(cell, column)| match (column.is_text, self.terminal) {
            (false, _) => printable(&cell),
            (true, None) => on_one_line(&cell),
            // The rest of a long text is not buffered.
            (true, Some(columns)) => shortened(&on_one_line(&cell), columns),
        });
        let cells = cells.collect::<Vec<_>>();
        let bytes = cells.iter().map(String::len).sum();
        self.rows.push(cells);
        self.hold(bytes)
    }

    fn hold(&mut self, bytes: usize) -> anyhow::Result<()> {
        self.held_bytes += bytes;
        if self.held_bytes < HELD_BYTES_MAX {
            return Ok(());
        }
        self.flush()
    }

    /// Writes the buffered rows.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        self.held_bytes = 0;
        self.terminal = output::columns();
        if self.format == Format::Table {
            self.lay_out();
        }
        let lines = std::mem::take(&mut self.lines);
        match (lines.is_empty(), self.format) {
            (true, _) => Ok(()),
            (false, Format::Json) => output::json(&lines),
            (false, Format::Table) => output::write(&lines),
        }
    }

    /// Writes the buffered rows, and ends the table.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        self.flush()
    }

    /// Aligns the rows. A column is as wide as its widest cell so far.
    fn lay_out(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        if !std::mem::replace(&mut self.has_head, true) {
            let heads = self.columns.iter().map(|column| column.name.to_uppercase());
            rows.insert(0, heads.collect());
        }
        for row in &rows {
            for (column, cell) in self.columns.iter_mut().zip(row) {
                column.width = column.width.max(width(cell));
            }
        }
        for row in rows {
            self.put(&row);
        }
    }

    fn put(&mut self, row: &[String]) {
        let line_starts = self.lines.len();
        let mut taken = 0;
        for (column, cell) in self.columns.iter().zip(row) {
            if column.is_text {
                let left = self.terminal.map(|columns| columns.saturating_sub(taken));
                match left {
                    Some(left) => {
                        let left = left.max(TEXT_COLUMNS_MIN);
                        self.lines.push_str(&shortened(cell, left));
                    }
                    None => self.lines.push_str(cell),
                }
                break;
            }
            let padding = column.width - width(cell) + GAP;
            self.lines.push_str(cell);
            self.lines.extend(std::iter::repeat_n(' ', padding));
            taken += column.width + GAP;
        }
        let shown = self.lines[line_starts..].trim_end().len();
        self.lines.truncate(line_starts + shown);
        self.lines.push('\n');
    }
}

/// Formats a value for people.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => NOTHING.to_owned(),
        Value::String(text) if text.is_empty() => NOTHING.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
