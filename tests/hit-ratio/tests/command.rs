//! The command, on folders of its own.

use std::path::Path;
use std::process::{Command, Output};

use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tempfile::TempDir;

fn folder(traces: &[(&str, Vec<u32>)]) -> TempDir {
    let folder = TempDir::new().expect("a folder must be made");
    for (name, requests) in traces {
        let numbers: Vec<u8> = requests.iter().flat_map(|it| it.to_le_bytes()).collect();
        let trace = compress_to_vec(&numbers[..], CompressionLevel::Fastest);
        std::fs::write(folder.path().join(name), trace).expect("a trace must be written");
    }
    folder
}

/// Each key twice, four others in between: S3-FIFO is far under LRU in a tier of 10.
fn read_twice() -> Vec<u32> {
    let fives = (0..200).map(|five| 5 * five..5 * five + 5);
    fives.flat_map(|five| five.clone().chain(five)).collect()
}

fn hit_ratio(folder: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hit-ratio"));
    let output = command.arg(folder).args(options).output();
    output.expect("the command must start")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn table_of_a_folder_has_rows_sorted_by_name_and_a_tenth_before_a_hundredth() {
    let folder = folder(&[
        ("b.u32.zst", (0..1_000).collect()),
        ("a.u32.zst", vec![1, 2, 1, 2]),
    ]);
    let output = hit_ratio(folder.path(), &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    let rows: Vec<_> = table.lines().skip(2).map(|row| &row[..24]).collect();
    let expected = [
        "| a | 4 | 2 | 1 | 0.00 |",
        "| a | 4 | 2 | 1 | 0.00 |",
        "| b | 1,000 | 1,000 | 10",
        "| b | 1,000 | 1,000 | 10",
    ];
    assert_eq!(rows, expected, "{table}");
}

#[test]
fn check_of_a_row_far_under_lru_fails_and_names_it() {
    let folder = folder(&[("twice.u32.zst", read_twice())]);
    let options = ["--capacity", "10", "--capacity", "50%"];
    let output = hit_ratio(folder.path(), &options);
    assert!(output.status.success(), "only a check fails");
    let output = hit_ratio(folder.path(), &[&options[..], &["--check"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(
        told.starts_with("twice with 10 entries: S3-FIFO is"),
        "{told}"
    );
    assert_eq!(
        told.lines().count(),
        1,
        "half of the keys are enough: {told}"
    );
}

#[test]
fn folder_without_traces_or_with_a_bad_one_is_refused_by_name() {
    let empty = folder(&[]);
    let output = hit_ratio(empty.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains(&*empty.path().to_string_lossy()), "{told}");
    assert!(told.contains("no file of it ends with .u32.zst"), "{told}");

    let bad = folder(&[("fine.u32.zst", vec![1]), ("bad.u32.zst", vec![])]);
    let output = hit_ratio(bad.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains("bad.u32.zst: has no requests"), "{told}");
}

#[test]
fn page_gets_the_table_between_its_lines_and_the_plot_beside_it() {
    let folder = folder(&[("a.u32.zst", vec![1, 2, 1, 2])]);
    let page = folder.path().join("page.md");
    let (begin, end) = ("<!-- hit ratios: begin -->", "<!-- hit ratios: end -->");
    let text_of_page = format!("before\n{begin}\nold\n{end}\nafter\n");
    std::fs::write(&page, text_of_page).expect("a page must be written");
    let option = page.to_string_lossy();
    let output = hit_ratio(folder.path(), &["--page", &option]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let written = std::fs::read_to_string(&page).expect("it is there");
    let table = text(&output.stdout);
    let (head, rest) = written.split_once(begin).expect("it begins");
    assert_eq!(head, "before\n");
    assert!(rest.contains(&table), "{written}");
    assert!(
        rest.contains("![Hit ratio, percent of requests. Room for 10%"),
        "{written}"
    );
    assert!(rest.ends_with(&format!("{end}\nafter\n")), "{written}");
    let plot = std::fs::read_to_string(folder.path().join("page/hit-ratio.svg"));
    assert!(plot.expect("it is there").contains("</svg>"));
}
