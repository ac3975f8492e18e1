//! A page over HTTP in the text format of Prometheus:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use flipcache::metrics;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// The path of the page.
pub(super) const PATH: &str = "/metrics";

/// Simultaneous connections; more wait in the queue of the operating system.
const MAX_CONNECTIONS: usize = 16;

/// How long a client may take to send the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long a connection may stay open. A client that needs it longer connects again.
const CONNECTION_TIME: Duration = Duration::from_secs(300);

/// The maximum size of a request's head in bytes.
const MAX_HEAD_BYTES: usize = 16 << 10;

/// A pause after the system had no resources for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// How often samples are sorted into their buckets; until then each one is stored.
const UPKEEP: Duration = Duration::from_secs(5);

/// The format of the page.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Bounds the recorder's memory even if the page is never read.
pub(super) async fn upkeep(recorder: PrometheusHandle) {
    let mut ticks = interval(UPKEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        recorder.run_upkeep();
    }
}

/// Serves the page for as long as the program runs.
pub(super) async fn serve(listener: TcpListener, recorder: PrometheusHandle) {
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(permit) = connections.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let connection = connection(stream, recorder.clone());
                tokio::spawn(async move {
                    // If the time is over, the client can connect again.
                    let _ = timeout(CONNECTION_TIME, connection).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::error!("cannot accept a metrics connection: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, recorder: PrometheusHandle) {
    let service = service_fn(|request| {
        let response = respond(&request, &recorder);
        async move { Ok::<_, Infallible>(response) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!("a metrics connection failed: {error}");
    }
}

fn respond(request: &Request<Incoming>, recorder: &PrometheusHandle) -> Response<Full<Bytes>> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let (status, body) = match request.uri().path() {
        PATH if is_read => {
            metrics::publish();
            (StatusCode::OK, recorder.render())
        }
        PATH => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        _ => (
            StatusCode::NOT_FOUND,
            format!("not found; metrics are at {PATH}\n"),
        ),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORMAT));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
