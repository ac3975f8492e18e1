//! From a request to the answer of an instance.

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

use super::body::{Answered, Ending, bounded, is_too_large, plain};
use super::connections::{Activity, Connections};
use crate::cli::app::application::App;
use crate::cli::app::data::Data;
use crate::cli::app::options::ServeOptions;
use crate::cli::app::stop::Stop;

/// How long a request waits for its turn before one whose body is slow has to give way to it, and then again.
const WAIT: Duration = Duration::from_secs(1);

/// Connections beside those whose requests are worked on: idle ones, and requests that wait. More wait
/// in the queue of the operating system.
const SPARE_CONNECTIONS: usize = 384;

/// An application that answers requests.
pub(super) struct Proxy {
    app: App,
    pre: ProxyPre<Data>,
    /// One for each request that is worked on.
    turns: Arc<Semaphore>,
    max_concurrency: u32,
    connections: Arc<Connections>,
    is_stopping: AtomicBool,
    max_body: usize,
    timeout: Duration,
    requests: AtomicU64,
}

/// What an instance answers: a response, or its own error.
type Answer = Result<Response<WasiBody>, ErrorCode>;

/// Why there is no answer of the application's.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Stopped(#[from] Stop),
    #[error("the instance cannot be made")]
    Cache(#[from] flipcache::Error),
    #[error("the instance cannot be asked")]
    Instance(#[from] wasmtime::Error),
    #[error("the instance broke off")]
    Broken(#[from] tokio::task::JoinError),
    #[error("the application answered nothing")]
    Nothing,
    #[error("the application answered an error: {0:?}")]
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

    /// Each response is the last of its connection from now on, and says so.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }

    /// Waits until no instance works any more.
    pub(super) async fn finish(&self) {
        // An error would mean that there are no turns any more; there is no such moment.
        let _ = self.turns.acquire_many(self.max_concurrency).await;
    }

    /// A response, whatever happens. If the client goes before it has begun, so does the instance.
    pub(super) async fn respond(
        &self,
        request: Request<Incoming>,
        activity: &Arc<Activity>,
    ) -> Response<Ending> {
        activity.request_began();
        let mut response = self.answer(request, activity).await;
        if self.is_stopping.load(Ordering::Acquire) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response.map(|body| Ending::new(body, activity.clone()))
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        activity: &Arc<Activity>,
    ) -> Response<WasiBody> {
        if request.uri().authority().is_none() && !has_host(&request) {
            return plain(StatusCode::BAD_REQUEST, "which host?\n");
        }
        if is_too_large(request.body(), self.max_body) {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n");
        }
        let Some(turn) = self.turn().await else {
            tracing::warn!(
                "a request was refused: {} are worked on",
                self.max_concurrency
            );
            let mut busy = plain(StatusCode::SERVICE_UNAVAILABLE, "too many requests\n");
            let seconds = HeaderValue::from_static("1");
            busy.headers_mut().insert(RETRY_AFTER, seconds);
            return busy;
        };
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        // Without the query: secrets stand there.
        let span =
            error_span!("request", number, method = %request.method(), path = request.uri().path());
        let request = request.map(|body| bounded(body, self.max_body, activity.clone()));
        let answered = self.ask(request, turn).instrument(span.clone()).await;
        answered.unwrap_or_else(|refusal| {
            let _entered = span.enter();
            match &refusal {
                // The instance has told.
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

    /// Waits for a turn; `None`: for too long.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let mut turn = pin!(self.turns.clone().acquire_owned());
        if let Ok(turn) = timeout(WAIT, turn.as_mut()).await {
            return turn.ok();
        }
        self.connections.shed_slow_body();
        timeout(WAIT, turn).await.ok()?.ok()
    }

    /// Lets an instance answer. It may go on once it has begun to.
    async fn ask(
        &self,
        request: Request<WasiBody>,
        turn: OwnedSemaphorePermit,
    ) -> Result<Response<WasiBody>, Refusal> {
        let (sender, answer) = oneshot::channel();
        // Dropped with its task, if the client goes.
        let mut tasks = JoinSet::new();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let work = self.work(request, sender, is_stopped.clone(), turn)?;
        tasks.spawn(work.in_current_span());
        match answer.await {
            Ok(answered) => {
                tasks.detach_all();
                let response = answered.map_err(Refusal::Error)?;
                Ok(response.map(|body| Answered::new(body, is_stopped).boxed_unsync()))
            }
            // The instance is gone.
            Err(_) => match tasks.join_next().await {
                Some(ended) => {
                    ended??;
                    Err(Refusal::Nothing)
                }
                None => Err(Refusal::Nothing),
            },
        }
    }

    /// What an instance does: it makes its answer, and perhaps goes on. No longer than it may.
    fn work(
        &self,
        request: Request<WasiBody>,
        sender: Sender<Answer>,
        is_stopped: Arc<AtomicBool>,
        turn: OwnedSemaphorePermit,
    ) -> Result<impl Future<Output = Result<(), Stop>> + Send + use<>, Refusal> {
        // Standard output is this program's own.
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
                // Here, as the client may have had the head of an answer, and nobody else be told.
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
