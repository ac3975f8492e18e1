//! The reports of the hosts on the conformance cases, as a table.

mod table;

use anyhow::{Context, Result};

pub use table::Table;

const BEGIN: &str = "<!-- conformance: written by `make conformance` -->\n";
const END: &str = "<!-- conformance: end -->\n";

/// Returns the document with the table in place of the text between its two marks.
///
/// # Errors
///
/// If a mark is missing.
pub fn put_into(document: &str, table: &str) -> Result<String> {
    let (before, rest) = document
        .split_once(BEGIN)
        .context("the first mark is missing")?;
    let (_, after) = rest.split_once(END).context("the second mark is missing")?;
    Ok([before, BEGIN, table, END, after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_into_replaces_the_text_between_the_marks() {
        let document = format!("a\n{BEGIN}old\n{END}b\n");
        let new = put_into(&document, "new\n").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}new\n{END}b\n"));
        assert!(put_into("no marks", "new").is_err());
    }
}
