//! From a request to the response of an instance.

use std::io::stderr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use flipcache::backend::describe;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response, StatusCode};
use tokio::sync::oneshot::{self, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{Instrument, error_span};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::{WasiBody, WasiHttpView};

use super::body::{Ending, InstanceBody, bounded, is_too_large, plain};
use super::connections::{Activity, Connections};
use crate::cli::app::application::App;
use crate::cli::app::data::Data;
use crate::cli::app::options::ServeOptions;
use crate::cli::app::stop::Stop;

/// How long a request waits for its turn before another one with a slow body is closed for it, and
/// how long after that.
const WAIT: Duration = Duration::from_secs(1);

/// Connections beside those with requests in progress: idle ones, and requests that wait. More wait
/// in the queue of the operating system.
const SPARE_CONNECTIONS: usize = 384;

/// An application that serves requests.
pub(super) struct Proxy {
    app: App,
    pre: ProxyPre<Data>,
    /// One permit for each request in progress.
    turns: Arc<Semaphore>,
    max_concurrency: u32,
    connections: Arc<Connections>,
    is_stopping: AtomicBool,
    max_body: usize,
    timeout: Duration,
    requests: AtomicU64,
}

/// The result of an instance: a response, or its own error.
type Outcome = Result<Response<WasiBody>, ErrorCode>;

/// The reason why the application has no response.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Stopped(#[from] Stop),
    #[error("cannot create the instance")]
    Cache(#[from] flipcache::Error),
    #[error("cannot call the instance")]
    Instance(#[from] wasmtime::Error),
    #[error("the instance was aborted")]
    Broken(#[from] tokio::task::JoinError),
    #[error("the application returned no response")]
    Nothing,
    #[error("the application returned an error: {0:?}")]
    Error(ErrorCode),
}

impl Proxy {
    pub(super) fn new(app: App, pre: ProxyPre<Data>, options: &ServeOptions) -> Self {
        Self {
            app,
            pre,
            turns: Arc::new(Semaphore::new(options.max_concurrency as usize)),
            max_concurrency: options.max_concurrency,
            connections: Connections::new(options.max_concurrency as usize + SPARE_CONNECTIONS),
            is_stopping: AtomicBool::new(false),
            max_body: usize::try_from(options.max_body.as_u64()).unwrap_or(usize::MAX),
            timeout: options.timeout,
            requests: AtomicU64::new(0),
        }
    }

    pub(super) fn app(&self) -> &App {
        &self.app
    }

    pub(super) fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    /// Makes each response from now on the last of its connection, and says so in its head.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }

    /// Waits until no instance is running.
    pub(super) async fn finish(&self) {
        // The semaphore is never closed, so this cannot fail.
        let _ = self.turns.acquire_many(self.max_concurrency).await;
    }

    /// Returns a response in all cases. If the client disconnects before the response has begun,
    /// the instance is stopped.
    pub(super) async fn respond(
        &self,
        request: Request<Incoming>,
        activity: &Arc<Activity>,
    ) -> Response<Ending> {
        activity.request_began();
        let mut response = self.serve(request, activity).await;
        if self.is_stopping.load(Ordering::Acquire) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response.map(|body| Ending::new(body, activity.clone()))
    }

    async fn serve(
        &self,
        request: Request<Incoming>,
        activity: &Arc<Activity>,
    ) -> Response<WasiBody> {
        if request.uri().authority().is_none() && !has_host(&request) {
            return plain(StatusCode::BAD_REQUEST, "the request has no host\n");
        }
        if is_too_large(request.body(), self.max_body) {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n");
        }
        let Some(turn) = self.turn().await else {
            tracing::warn!(
                "refused a request: {} are in progress",
                self.max_concurrency
            );
            let mut busy = plain(StatusCode::SERVICE_UNAVAILABLE, "too many requests\n");
            let seconds = HeaderValue::from_static("1");
            busy.headers_mut().insert(RETRY_AFTER, seconds);
            return busy;
        };
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        // Without the query, which may contain secrets.
        let span =
            error_span!("request", number, method = %request.method(), path = request.uri().path());
        let request = request.map(|body| bounded(body, self.max_body, activity.clone()));
        let result = self.call(request, turn).instrument(span.clone()).await;
        result.unwrap_or_else(|refusal| {
            let _entered = span.enter();
            match &refusal {
                // The instance has logged it.
                Refusal::Stopped(_) => {}
                refusal => tracing::error!("{}", describe(refusal)),
            }
            match refusal {
                Refusal::Stopped(Stop::OutOfTime(_)) => plain(
                    StatusCode::GATEWAY_TIMEOUT,
                    "the application took too long\n",
                ),
                _ => plain(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the application failed\n",
                ),
            }
        })
    }

    /// Waits for a turn. Returns `None` if that takes too long.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let mut turn = pin!(self.turns.clone().acquire_owned());
        if let Ok(turn) = timeout(WAIT, turn.as_mut()).await {
            return turn.ok();
        }
        self.connections.shed_slow_body();
        timeout(WAIT, turn).await.ok()?.ok()
    }

    /// Runs an instance until its response begins. The instance may continue after that.
    async fn call(
        &self,
        request: Request<WasiBody>,
        turn: OwnedSemaphorePermit,
    ) -> Result<Response<WasiBody>, Refusal> {
        let (sender, outcome) = oneshot::channel();
        // Stops the instance if the client disconnects.
        let mut tasks = JoinSet::new();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let work = self.work(request, sender, is_stopped.clone(), turn)?;
        tasks.spawn(work.in_current_span());
        match outcome.await {
            Ok(outcome) => {
                tasks.detach_all();
                let response = outcome.map_err(Refusal::Error)?;
                Ok(response.map(|body| InstanceBody::new(body, is_stopped).boxed_unsync()))
            }
            // The instance has ended without a response.
            Err(_) => match tasks.join_next().await {
                Some(ended) => {
                    ended??;
                    Err(Refusal::Nothing)
                }
                None => Err(Refusal::Nothing),
            },
        }
    }

    /// Runs an instance: its response, and what it does after that, within the timeout.
    fn work(
        &self,
        request: Request<WasiBody>,
        sender: Sender<Outcome>,
        is_stopped: Arc<AtomicBool>,
        turn: OwnedSemaphorePermit,
    ) -> Result<impl Future<Output = Result<(), Stop>> + Send + use<>, Refusal> {
        // Standard output is for this program's own output.
        let mut wasi = WasiCtxBuilder::new();
        let mut store = self.app.store(wasi.stdout(stderr()).inherit_stderr())?;
        let mut http = store.data_mut().http();
        let request = http.new_incoming_request(Scheme::Http, request)?;
        let out = http.new_response_outparam(sender)?;
        let (pre, limit) = (self.pre.clone(), self.timeout);
        Ok(async move {
            let call = async {
                let instance = pre.instantiate_async(&mut store).await?;
                let handler = instance.wasi_http_incoming_handler();
                handler.call_handle(&mut store, request, out).await
            };
            let ended = match timeout(limit, call).await {
                Ok(called) => called.map_err(|error| Stop::of(&error, &store.data().memory)),
                Err(_) => Err(Stop::OutOfTime(limit)),
            };
            if let Err(stop) = &ended {
                // Logged here, as the client may already have the head of a response and nothing
                // else would report it.
                tracing::error!("the application {}", describe(stop));
                is_stopped.store(true, Ordering::Release);
            }
            drop(store);
            drop(turn);
            ended
        })
    }
}

fn has_host(request: &Request<Incoming>) -> bool {
    let host = request.headers().get(HOST);
    host.is_some_and(|host| host.to_str().is_ok_and(|host| !host.is_empty()))
}
