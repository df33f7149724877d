//! What papers report, beside what comes out here.

use unspool_report::{Block, Cell, Column, Format, Table};

/// A claim or a figure of a paper.
pub(super) struct Claim {
    /// What is claimed or measured.
    pub(super) what: String,
    /// What the paper has.
    pub(super) paper: String,
    /// What comes out here.
    pub(super) ours: String,
    /// Why the two differ, or that they do not.
    pub(super) why: String,
}

/// The table of claims.
pub(super) fn table(id: &str, title: &str, caption: &str, claims: Vec<Claim>) -> Block {
    let mut table = Table::new(id, title, caption);
    for name in ["what", "paper", "here", "why they differ"] {
        table = table.column(Column::new(name, Format::Text));
    }
    for Claim { what, paper, ours, why } in claims {
        table = table.row([what, paper, ours, why].map(Cell::text));
    }
    Block::Table(table)
}
