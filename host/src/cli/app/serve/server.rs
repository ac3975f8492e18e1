//! Connections: how many there are, and how they end.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::request::Proxy;
use super::signals::Signals;
use super::stall::Stalling;

/// Connections beside those whose requests are worked on: idle ones, and requests that wait. More wait
/// in the queue of the operating system.
const SPARE_CONNECTIONS: usize = 384;

/// How long a client may take for the head of a request, from the end of the one before.
const HEAD_TIME: Duration = Duration::from_secs(30);

/// How long a client may take nothing of an answer.
const STALL: Duration = Duration::from_secs(30);

/// Bytes that the head of a request may have.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// How long requests may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// A pause after the system had no room for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves connections until the first signal, then finishes what is in flight; at the second signal, or
/// when it takes too long, it gives up.
pub(super) async fn serve(listener: TcpListener, proxy: Arc<Proxy>, mut signals: Signals) {
    let connections = Arc::new(Semaphore::new(proxy.max_concurrency() + SPARE_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, permit) = tokio::select! {
            () = signals.next() => break,
            accepted = accept(&listener, &connections) => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::error!("cannot accept a connection: {error}");
                    sleep(PAUSE).await;
                    continue;
                }
            },
        };
        let connection = connection(stream, proxy.clone(), graceful.watcher());
        tokio::spawn(async move {
            connection.await;
            drop(permit);
        });
    }
    drop(listener);
    let finished = async {
        graceful.shutdown().await;
        proxy.finish().await;
    };
    tokio::select! {
        finished = timeout(GRACE, finished) => match finished {
            Ok(()) => {}
            Err(_) => tracing::error!("requests in flight were cut off after {GRACE:?}"),
        },
        () = signals.next() => tracing::error!("requests in flight were cut off"),
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = connections.clone().acquire_owned().await;
    let permit = permit.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}

/// All requests of one client.
async fn connection(stream: TcpStream, proxy: Arc<Proxy>, watcher: Watcher) {
    // Small parts of an answer leave at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot set TCP_NODELAY: {error}");
    }
    let service = service_fn(move |request| {
        let proxy = proxy.clone();
        async move { Ok::<_, Infallible>(proxy.answer(request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_header_size(MAX_HEAD_BYTES);
    let stream = Stalling::new(stream, STALL);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        // A client's doing, or an answer that was cut off; that has been told.
        tracing::debug!("a connection broke: {error}");
    }
}
