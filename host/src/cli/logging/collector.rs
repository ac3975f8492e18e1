//! Sends traces to a collector: each request over a connection of its own, by plain HTTP.

use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// The deadline of a request.
const DEADLINE: Duration = Duration::from_secs(10);

/// The maximum size of a response in bytes.
const MAX_RESPONSE: usize = 64 << 10;

/// The exporter may run outside of a runtime.
#[derive(Debug)]
pub(super) struct Collector(Handle);

impl Collector {
    pub(super) fn new(runtime: Handle) -> Self {
        Self(runtime)
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = async { timeout(DEADLINE, send(request)).await? };
        let sent = self.0.spawn(sent).await?;
        sent.map_err(|error| {
            tracing::warn!("cannot reach the collector of traces: {error:#}");
            error.into()
        })
    }
}

async fn send(request: Request<Bytes>) -> Result<Response<Bytes>> {
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority().context("its URL has no host")?.clone();
    let host = authority.host().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80)));
    let stream = stream.await.context("cannot connect")?;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = path.parse::<Uri>()?;
    head.headers
        .insert(HOST, HeaderValue::from_str(authority.as_str())?);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let response = async {
        let request = Request::from_parts(head, Full::new(body));
        read(sender.send_request(request).await?).await
    };
    tokio::pin!(response);
    tokio::select! {
        response = &mut response => response,
        // The connection ends when the response is complete or cannot come.
        ended = connection => {
            ended?;
            response.await
        }
    }
}

async fn read(response: Response<Incoming>) -> Result<Response<Bytes>> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_RESPONSE).collect().await;
    let body = body.map_err(anyhow::Error::from_boxed)?;
    Ok(Response::from_parts(head, body.to_bytes()))
}
