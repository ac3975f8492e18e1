//! `--metrics ADDRESS`: metrics of this program's caches for Prometheus.
//!
//! - `server`: the page over HTTP.

mod server;

use std::io::{Write, stderr};
use std::net::{SocketAddr, TcpListener};

use anyhow::{Context, Result};
use flipcache::{Error, io, metrics};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};

use super::args::{Cli, Command};
use super::engine::Engine;
use super::failure::Failure;

/// Starts recording and serving metrics if that was requested, and prints the address to standard
/// error. Must be called before the first client is built.
pub(crate) fn start(cli: &Cli) -> Result<()> {
    let Some(addr) = cli.global.metrics else {
        return Ok(());
    };
    check(cli)?;
    let (listener, addr) = bind(addr).with_context(|| format!("cannot serve metrics on {addr}"))?;
    let calls = Matcher::Full(metrics::names::BACKEND_CALL_SECONDS.to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(calls, &metrics::names::SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .context("cannot record metrics")?;
    metrics::describe();
    let runtime = io::runtime().map_err(Error::from).map_err(Failure::from)?;
    let _within = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener).context("cannot serve metrics")?;
    runtime.spawn(server::upkeep(recorder.clone()));
    runtime.spawn(server::serve(listener, recorder));
    // If standard error is closed, the address is not printed.
    let _ = writeln!(stderr(), "metrics at http://{addr}{}", server::PATH);
    Ok(())
}

/// Refuses the option where it would have no effect.
fn check(cli: &Cli) -> Result<(), Failure> {
    let why = match (&cli.command, cli.global.engine) {
        (Command::Shell, Engine::Component) => {
            "covers only local tiers of --engine shards; leave out --engine component"
        }
        (Command::Shell | Command::Bench(_) | Command::Run(_) | Command::Serve(_), _) => {
            return Ok(());
        }
        _ => "is only for the commands shell, run, serve and bench",
    };
    Err(Failure::Usage(format!("--metrics {why}")))
}

fn bind(addr: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}
