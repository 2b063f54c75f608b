//! Whole tables, in a form that is the same for every engine: what it takes to move all data from one
//! to another. Which tables and columns there are is taken from the source's own catalogue, so a new
//! migration needs no change here.

use sha2::{Digest as _, Sha256};

/// What a column holds. An engine's booleans and widths of integers are all integers here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers, and booleans as 0 and 1.
    Integer,
    /// Text.
    Text,
    /// Bytes.
    Blob,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// All its columns.
    pub columns: Vec<Column>,
    /// The columns of its primary key, in the key's order.
    pub key: Vec<Column>,
}

impl Table {
    /// The primary key of a row.
    #[must_use]
    pub fn key_of(&self, row: &[Cell]) -> Vec<Cell> {
        let place = |key: &Column| self.columns.iter().position(|column| column == key);
        self.key
            .iter()
            .filter_map(|key| row.get(place(key)?).cloned())
            .collect()
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// None.
    Null,
    /// A number or a boolean.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// The values of a row, in the order of its table's columns.
pub type Row = Vec<Cell>;

/// The content of a table in short: two that are equal have the same rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// How many rows.
    pub rows: u64,
    /// SHA-256 over the rows in the order of the primary key.
    pub sha256: Vec<u8>,
}

/// A [`Sum`] in the making.
#[derive(Clone, Default)]
pub struct Summing {
    rows: u64,
    hash: Sha256,
}

impl Summing {
    /// Takes the next row. Each value begins with its kind and length, so that none runs into the next.
    pub fn add(&mut self, row: &[Cell]) {
        self.rows += 1;
        for cell in row {
            let number;
            let (kind, bytes): (u8, &[u8]) = match cell {
                Cell::Null => (0, &[]),
                Cell::Integer(value) => {
                    number = value.to_be_bytes();
                    (1, &number)
                }
                Cell::Text(text) => (2, text.as_bytes()),
                Cell::Blob(bytes) => (3, bytes),
            };
            self.hash.update([kind]);
            self.hash
                .update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            self.hash.update(bytes);
        }
    }

    /// Of all the rows.
    #[must_use]
    pub fn sum(self) -> Sum {
        Sum {
            rows: self.rows,
            sha256: self.hash.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Sum, Summing};

    fn sum(rows: &[&[Cell]]) -> Sum {
        let mut summing = Summing::default();
        for row in rows {
            summing.add(row);
        }
        summing.sum()
    }

    #[test]
    fn what_differs_has_another_sum() {
        let text = |text: &str| Cell::Text(text.to_owned());
        let rows: [&[Cell]; 9] = [
            &[Cell::Null, Cell::Null],
            &[text("ab"), text("c")],
            &[text("a"), text("bc")],
            &[text("abc"), Cell::Null],
            &[text("abc"), text("")],
            &[Cell::Blob(b"abc".to_vec()), Cell::Null],
            &[Cell::Integer(0), Cell::Integer(1)],
            &[Cell::Integer(1), Cell::Integer(0)],
            &[
                Cell::Blob(vec![0; 8]),
                Cell::Blob(vec![0, 0, 0, 0, 0, 0, 0, 1]),
            ],
        ];
        for (number, one) in rows.iter().enumerate() {
            for other in rows.iter().skip(number + 1) {
                assert_ne!(sum(&[one]), sum(&[other]));
                assert_ne!(sum(&[one, other]), sum(&[other, one]));
            }
            assert_ne!(sum(&[one]), sum(&[one, one]));
        }
        assert_eq!(sum(&rows), sum(&rows));
    }
}
