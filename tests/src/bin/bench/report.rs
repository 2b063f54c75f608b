//! The table.

use std::io::Write as _;

use crate::Outcome;
use crate::figures::Figures;

/// How a figure is written.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Per second.
    Rate,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Thousands of bytes.
    Kilobytes,
    /// Millions of bytes.
    Megabytes,
}

impl Unit {
    fn text(self, value: f64) -> String {
        match self {
            Self::Rate => format!("{value:.0}/s"),
            Self::Micros => format!("{value:.0} µs"),
            Self::Millis => format!("{value:.1} ms"),
            Self::Kilobytes => format!("{:.1} KB", value / 1e3),
            Self::Megabytes => format!("{:.1} MB", value / 1e6),
        }
    }
}

/// What a figure must reach.
#[derive(Clone, Copy)]
pub enum Target {
    /// Nothing was promised.
    None,
    /// At least this share of its limit.
    Share(f64),
    /// At most so many times its limit.
    Times(f64),
    /// At most this.
    AtMost(f64),
}

/// A line of the table.
pub struct Row {
    /// What was measured.
    pub figure: String,
    /// What came out.
    pub figures: Figures,
    /// How it is written.
    pub unit: Unit,
    /// What it is compared with, measured next to each of the figures.
    pub limit: Option<(&'static str, Figures)>,
    /// What it must reach.
    pub target: Target,
}

const HEADINGS: [&str; 7] = [
    "figure",
    "median",
    "spread",
    "limit, same run",
    "ratio",
    "target",
    "met",
];

impl Row {
    /// A single figure that is compared with nothing.
    pub fn of(figure: &str, value: f64, unit: Unit, target: Target) -> Self {
        Self {
            figure: figure.to_owned(),
            figures: value.into(),
            unit,
            limit: None,
            target,
        }
    }

    fn cells(&self) -> [String; 7] {
        let median = self.figures.median();
        let ratio = self
            .limit
            .as_ref()
            .map(|(_, limit)| self.figures.shares_of(limit).median());
        let spread = self
            .figures
            .spread()
            .map_or_else(String::new, |(low, high)| {
                format!("{} - {}", self.unit.text(low), self.unit.text(high))
            });
        let limit = self
            .limit
            .as_ref()
            .map_or_else(String::new, |(name, limit)| {
                format!("{name} {}", self.unit.text(limit.median()))
            });
        let (target, met) = match self.target {
            Target::None => (String::new(), None),
            Target::Share(least) => (
                format!(">= {:.0} %", least * 100.0),
                ratio.map(|ratio| ratio >= least),
            ),
            Target::Times(most) => (
                format!("<= {:.0} %", most * 100.0),
                ratio.map(|ratio| ratio <= most),
            ),
            Target::AtMost(most) => (format!("<= {}", self.unit.text(most)), Some(median <= most)),
        };
        [
            self.figure.clone(),
            self.unit.text(median),
            spread,
            limit,
            ratio.map_or_else(String::new, |ratio| format!("{:.1} %", ratio * 100.0)),
            target,
            met.map_or_else(String::new, |met| {
                if met {
                    "yes".to_owned()
                } else {
                    "NO".to_owned()
                }
            }),
        ]
    }
}

/// Prints the table.
pub fn print(rows: &[Row]) -> Outcome<()> {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(rows.iter().map(Row::cells));
    let mut widths = [0; HEADINGS.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = std::io::stdout().lock();
    for (place, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(widths) {
            write!(out, "| {cell:width$} ")?;
        }
        writeln!(out, "|")?;
        if place == 0 {
            for width in widths {
                write!(out, "| {:-<width$} ", "")?;
            }
            writeln!(out, "|")?;
        }
    }
    Ok(())
}
