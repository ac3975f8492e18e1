//! A page of the guide, of which parts are written by programs.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Plot;

/// A Markdown file; its plots are in the folder beside it that has its name.
///
/// A block of it is what stands between the lines `<!-- NAME: begin -->` and `<!-- NAME: end -->`.
#[derive(Clone, Debug)]
pub struct Page {
    file: PathBuf,
}

/// Why nothing was written. The message names the file.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It cannot be read or written.
    #[error("{path}: it cannot be read or written")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The page has not the two lines, in this order.
    #[error("{path}: has no lines that begin and end the block {block}")]
    NoBlock {
        /// The page.
        path: PathBuf,
        /// What was looked for.
        block: String,
    },
    /// The page has no name to call a folder by.
    #[error("{0}: not the name of a page")]
    Unnamed(PathBuf),
}

impl Page {
    /// Returns the page that is this file.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into() }
    }

    /// Writes a plot beside the page, replacing an earlier one. Returns the Markdown that shows it.
    ///
    /// # Errors
    ///
    /// [`PageError`] if it cannot be written.
    pub fn add(&self, name: &str, plot: &Plot) -> Result<String, PageError> {
        let unnamed = || PageError::Unnamed(self.file.clone());
        let folder = self.file.file_stem().ok_or_else(unnamed)?;
        let path = self.file.with_file_name(folder);
        let file = format!("{name}.svg");
        fs::create_dir_all(&path).map_err(|source| failed(&path, source))?;
        let path = path.join(&file);
        fs::write(&path, &plot.svg).map_err(|source| failed(&path, source))?;
        let words = plot.words.replace('[', "\\[").replace(']', "\\]");
        let folder = folder.to_string_lossy();
        Ok(format!("![{words}]({folder}/{file})\n"))
    }

    /// Puts other text into a block of the page.
    ///
    /// # Errors
    ///
    /// [`PageError`] if the page has no such block, or cannot be read or written; it then is as it
    /// was.
    pub fn replace(&self, block: &str, text: &str) -> Result<(), PageError> {
        let failed = |source| failed(&self.file, source);
        let page = fs::read_to_string(&self.file).map_err(failed)?;
        let page = replaced(&page, block, text).ok_or_else(|| PageError::NoBlock {
            path: self.file.clone(),
            block: block.to_owned(),
        })?;
        fs::write(&self.file, page).map_err(failed)
    }
}

fn failed(path: &Path, source: io::Error) -> PageError {
    let path = path.to_owned();
    PageError::Io { path, source }
}

fn replaced(page: &str, block: &str, text: &str) -> Option<String> {
    let (begin, end) = (
        format!("<!-- {block}: begin -->\n"),
        format!("<!-- {block}: end -->\n"),
    );
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{text}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const TEXT: &str = "# Page\n<!-- one: begin -->\nold\n<!-- one: end -->\nkept\n<!-- two: begin -->\n<!-- two: end -->\nend\n";

    fn page() -> (TempDir, Page, PathBuf) {
        let folder = TempDir::new().expect("a folder must be made");
        let file = folder.path().join("benchmarks.md");
        fs::write(&file, TEXT).expect("a page must be written");
        (folder, Page::new(&file), file)
    }

    #[test]
    fn replace_changes_one_block_and_nothing_else() {
        let (_folder, page, file) = page();
        for _ in 0..2 {
            page.replace("one", "new\n").expect("the block is there");
            let written = fs::read_to_string(&file).expect("the page is there");
            assert_eq!(written, TEXT.replace("old\n", "\nnew\n\n"));
        }
    }

    #[test]
    fn replace_of_a_block_that_is_not_there_leaves_the_page() {
        let (_folder, page, file) = page();
        let error = page.replace("three", "new").expect_err("there are two");
        assert!(matches!(error, PageError::NoBlock { .. }), "{error:?}");
        assert!(error.to_string().contains("benchmarks.md"), "{error}");
        let written = fs::read_to_string(&file).expect("the page is there");
        assert_eq!(written, TEXT);
    }

    #[test]
    fn add_writes_the_plot_beside_the_page_and_answers_its_words() {
        let (folder, page, _) = page();
        let plot = Plot {
            svg: "<svg></svg>".to_owned(),
            words: "Hits: a[0] 1.0 ns.".to_owned(),
        };
        let shown = page.add("hit", &plot).expect("it must be written");
        assert_eq!(shown, "![Hits: a\\[0\\] 1.0 ns.](benchmarks/hit.svg)\n");
        let written = fs::read_to_string(folder.path().join("benchmarks/hit.svg"));
        assert_eq!(written.expect("it is there"), plot.svg);
    }

    #[test]
    fn page_that_is_not_there_is_an_error_that_names_it() {
        let folder = TempDir::new().expect("a folder must be made");
        let page = Page::new(folder.path().join("absent.md"));
        let error = page.replace("one", "new").expect_err("it is not there");
        assert!(error.to_string().contains("absent.md"), "{error}");
    }
}
