//! Accepts, serves and ends connections.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, sleep, timeout};

use super::connections::{Opened, Order};
use super::request::Proxy;
use super::signals::Signals;
use super::stall::Stalling;

/// How long a client may read nothing of a response.
const STALL: Duration = Duration::from_secs(30);

/// The maximum size of a request's head in bytes.
pub(super) const MAX_HEAD_BYTES: usize = 64 << 10;

/// The maximum number of fields in a request's head.
pub(super) const MAX_FIELDS: usize = 100;

/// How long requests may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long an idle connection still accepts a request after the signal to stop: its client may
/// have sent one before it can know.
const LAST_REQUEST: Duration = Duration::from_secs(2);

/// How often overdue connections are looked for.
const LOOK: Duration = Duration::from_millis(100);

/// A pause after the system had no resources for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves connections until the first signal, then finishes requests in flight. Aborts them at the
/// second signal, or after a while.
pub(super) async fn serve(listener: TcpListener, proxy: Arc<Proxy>, mut signals: Signals) {
    let mut look = interval(LOOK);
    // Accepted, but there is no room for it yet.
    let mut next = None;
    loop {
        tokio::select! {
            () = signals.next() => break,
            _ = look.tick() => proxy.connections().end_overdue(),
            () = proxy.connections().room(), if next.is_some() => spawn(next.take(), &proxy),
            accepted = listener.accept(), if next.is_none() => match accepted {
                Ok((stream, _)) => next = Some(stream),
                Err(error) => {
                    tracing::error!("cannot accept a connection: {error}");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    proxy.stop();
    spawn(next, &proxy);
    if let Err(error) = accept_last(listener, &proxy) {
        tracing::error!("cannot accept the last connections: {error}");
    }
    tokio::select! {
        finished = timeout(GRACE, finish(&proxy)) => match finished {
            Ok(()) => {}
            Err(_) => tracing::error!("requests in flight were cut off after {GRACE:?}"),
        },
        () = signals.next() => tracing::error!("requests in flight were cut off"),
    }
}

/// Accepts the clients in the backlog, which have seen a listening server. Then stops listening.
fn accept_last(listener: TcpListener, proxy: &Arc<Proxy>) -> io::Result<()> {
    let listener = listener.into_std()?;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(true)?;
                spawn(Some(TcpStream::from_std(stream)?), proxy);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Waits until all connections have ended and no instance is running.
async fn finish(proxy: &Proxy) {
    let mut look = interval(LOOK);
    let connections = proxy.connections();
    let start = tokio::time::Instant::now();
    while !connections.is_empty() {
        look.tick().await;
        connections.end_overdue();
        if start.elapsed() >= LAST_REQUEST {
            connections.end_idle(LAST_REQUEST);
        }
    }
    proxy.finish().await;
}

fn spawn(stream: Option<TcpStream>, proxy: &Arc<Proxy>) {
    if let Some(stream) = stream {
        let opened = proxy.connections().open();
        tokio::spawn(connection(stream, proxy.clone(), opened));
    }
}

/// Serves all requests of one client.
async fn connection(stream: TcpStream, proxy: Arc<Proxy>, opened: Opened) {
    // Small parts of a response are sent at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot set TCP_NODELAY: {error}");
    }
    let activity = &opened.activity;
    let mut orders = activity.orders();
    let service = service_fn(|request| {
        let proxy = proxy.clone();
        async move { Ok::<_, Infallible>(proxy.respond(request, activity).await) }
    });
    let mut http = http1::Builder::new();
    // Deadlines depend on what the connection waits for.
    http.header_read_timeout(None)
        .max_header_size(MAX_HEAD_BYTES)
        .max_headers(MAX_FIELDS);
    let stream = Stalling::new(stream, STALL, activity.clone());
    let mut served = pin!(http.serve_connection(TokioIo::new(stream), service));
    loop {
        tokio::select! {
            ended = served.as_mut() => {
                if let Err(error) = ended {
                    // Caused by the client, or by a response that was cut off, which has been
                    // logged.
                    tracing::debug!("a connection failed: {error}");
                }
                return;
            }
            // The sender of orders outlives this loop.
            _ = orders.changed() => match *orders.borrow_and_update() {
                Order::Serve => {}
                Order::Finish => served.as_mut().graceful_shutdown(),
                Order::Close => return,
            },
        }
    }
}
