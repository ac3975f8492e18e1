//! The reference binary `flipcache`: the cache component on a shell's command line.

use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    cli::main()
}
