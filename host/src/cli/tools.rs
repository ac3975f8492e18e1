//! Commands that write embedded or generated files: the component, completions, the manual page.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap_complete::Shell;
use flipcache::wasi_keyvalue;

use super::args::Adapter;
use super::command::command;
use super::failure::Failure;
use super::print;

/// Writes an embedded component to a file, or to standard output if that is not a terminal.
pub(crate) fn component(output: Option<&Path>, adapter: Option<Adapter>) -> Result<ExitCode> {
    let component = match adapter {
        None => flipcache::COMPONENT,
        Some(Adapter::WasiKeyvalueProvider) => wasi_keyvalue::PROVIDER,
        Some(Adapter::WasiKeyvalueBackend) => wasi_keyvalue::BACKEND,
        Some(Adapter::WasiKeyvalueBackendDraft2) => wasi_keyvalue::BACKEND_DRAFT2,
    };
    if component.is_empty() {
        return Err(Failure::Usage("this build has no adapters".to_owned()).into());
    }
    match output {
        Some(path) => fs::write(path, component)
            .with_context(|| format!("cannot write {}", path.display()))?,
        None if io::stdout().is_terminal() => {
            let message = "refusing to write binary data to a terminal; name a file with -o FILE";
            return Err(Failure::Usage(message.to_owned()).into());
        }
        None => print(component)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a completion script to standard output.
pub(crate) fn completions(shell: Shell) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "flipcache", &mut script);
    print(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the manual page to standard output.
pub(crate) fn man() -> Result<ExitCode> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command()).render(&mut page)?;
    print(&page)?;
    Ok(ExitCode::SUCCESS)
}
