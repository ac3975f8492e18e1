//! `flipcache serve`: an instance for each request, until a signal.
//!
//! # Layout
//!
//! - `server`: serves connections; `connections`: deadlines, and which connection is closed for
//!   another; `stall`: clients that do not read.
//! - `request`: from a request to the response of an instance.
//! - `body`: bodies of requests and responses; `signals`: the signals that stop the server.

mod body;
mod connections;
mod request;
mod server;
mod signals;
mod stall;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use flipcache::component::Source;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use super::application::{App, unfit};
use super::options::ServeOptions;
use crate::cli::args::GlobalOptions;
use crate::cli::output::{Body, Outcome, Output};
use crate::cli::print;
use request::Proxy;
use signals::Signals;

/// Serves the application and prints the address.
pub(crate) fn serve(
    options: &ServeOptions,
    global: &GlobalOptions,
    output: Output,
) -> Result<ExitCode> {
    let app = App::load(&options.file, &options.app, global)?;
    let pre = ProxyPre::new(app.pre()).map_err(|error| {
        let what = "it is not a wasi:http proxy; `flipcache run` is for wasi:cli commands";
        unfit(&options.file, error.context(what))
    })?;
    let proxy = Arc::new(Proxy::new(app, pre, options));
    proxy.app().log_outage()?;
    let runtime = Runtime::new().context("cannot start threads")?;
    let served = runtime.block_on(listen(proxy, options.addr, output));
    // Not dropped: that would wait for tasks that have had their time.
    runtime.shutdown_background();
    served.map(|()| ExitCode::SUCCESS)
}

async fn listen(proxy: Arc<Proxy>, addr: SocketAddr, output: Output) -> Result<()> {
    let signals = Signals::listen().context("cannot listen to signals")?;
    let listener = TcpListener::bind(addr).await;
    let listener = listener.with_context(|| format!("cannot listen on {addr}"))?;
    print_address(listener.local_addr()?, output)?;
    server::serve(listener, proxy, signals).await;
    Ok(())
}

/// Prints the only line on standard output: from now on, connections are accepted.
fn print_address(addr: SocketAddr, output: Output) -> Result<()> {
    let url = format!("http://{addr}");
    if output.is_json() {
        output.outcome(&Outcome {
            body: Body::Text(url),
            source: Source::None,
        })?;
    } else {
        print(format!("listening on {url}\n").as_bytes())?;
    }
    Ok(())
}
