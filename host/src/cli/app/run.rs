//! `flipcache run`: one instance, with this program's streams, until it ends.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use wasmtime::Store;
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

use super::application::{App, unfit};
use super::data::Data;
use super::options::RunOptions;
use super::stop::Stop;
use crate::cli::args::GlobalOptions;
use crate::cli::failure::Failure;

/// Runs the application and returns its exit code.
pub(crate) fn run(options: &RunOptions, global: &GlobalOptions) -> Result<ExitCode> {
    let app = App::load(options.file(), &options.app, global)?;
    let command = CommandPre::new(app.pre()).map_err(|error| {
        let what = "it is not a wasi:cli command; `flipcache serve` is for wasi:http proxies";
        unfit(options.file(), error.context(what))
    })?;
    let mut wasi = WasiCtxBuilder::new();
    wasi.inherit_stdio().args(&options.arguments());
    let store = app.store(&mut wasi).map_err(Failure::Cache)?;

    let runtime = Runtime::new().context("cannot start threads")?;
    let ended = runtime.block_on(finish(&command, store, options.timeout));
    // Not dropped: that would wait for a read of standard input.
    runtime.shutdown_background();
    Ok(ended.map_err(Failure::Stopped)?)
}

async fn finish(
    command: &CommandPre<Data>,
    mut store: Store<Data>,
    limit: Option<Duration>,
) -> Result<ExitCode, Stop> {
    let call = async {
        let instance = command.instantiate_async(&mut store).await?;
        instance.wasi_cli_run().call_run(&mut store).await
    };
    let called = match limit {
        Some(limit) => timeout(limit, call)
            .await
            .map_err(|_| Stop::OutOfTime(limit))?,
        None => call.await,
    };
    match called {
        Ok(Ok(())) => Ok(ExitCode::SUCCESS),
        Ok(Err(())) => Ok(ExitCode::FAILURE),
        Err(error) => match error.downcast_ref() {
            Some(I32Exit(code)) => Ok(u8::try_from(*code).map_or(ExitCode::FAILURE, Into::into)),
            None => Err(Stop::of(&error, &store.data().memory)),
        },
    }
}
