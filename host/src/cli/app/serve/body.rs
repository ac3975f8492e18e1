//! Bodies: of requests, which are bounded; of responses by applications; of responses by the server
//! itself.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use wasmtime_wasi_http::{Error as HttpError, WasiBody};

use super::connections::Activity;

/// Returns a request body that fails once it is too large.
pub(super) fn bounded(body: Incoming, max: usize, activity: Arc<Activity>) -> WasiBody {
    let body = Limited::new(Awaited { body, activity }, max);
    body.map_err(move |error| refused(error, max))
        .boxed_unsync()
}

/// Returns whether the declared length of the body is too large.
pub(super) fn is_too_large(body: &Incoming, max: usize) -> bool {
    body.size_hint().lower() > max as u64
}

fn refused(error: Box<dyn Error + Send + Sync>, max: usize) -> HttpError {
    if error.is::<LengthLimitError>() {
        return HttpError::HttpRequestBodySize(Some(max as u64));
    }
    match error.downcast::<hyper::Error>() {
        Ok(error) => HttpError::Hyper(*error),
        Err(error) => HttpError::InternalError(Some(error.to_string())),
    }
}

/// A request body that reports to its connection while it is awaited.
struct Awaited {
    body: Incoming,
    activity: Arc<Activity>,
}

impl Body for Awaited {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_pending() {
            self.activity.body_is_awaited();
        } else {
            self.activity.on_body();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.activity.on_body();
    }
}

/// A response body that reports its end to its connection.
pub(super) struct Ending {
    body: WasiBody,
    activity: Arc<Activity>,
}

impl Ending {
    pub(super) fn new(body: WasiBody, activity: Arc<Activity>) -> Self {
        Self { body, activity }
    }
}

impl Body for Ending {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.activity.response_ended();
    }
}

/// The body of an instance's response. It fails if the instance was stopped; otherwise it would end
/// there as if it were complete.
pub(super) struct InstanceBody {
    body: WasiBody,
    is_stopped: Arc<AtomicBool>,
}

impl InstanceBody {
    /// `is_stopped` is set before the instance is dropped.
    pub(super) fn new(body: WasiBody, is_stopped: Arc<AtomicBool>) -> Self {
        Self { body, is_stopped }
    }
}

impl Body for InstanceBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(match frame {
            None if self.is_stopped.load(Ordering::Acquire) => {
                Some(Err(HttpError::HttpResponseIncomplete))
            }
            frame => frame,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Returns a response of the server itself, with one line of text.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Response<WasiBody> {
    let body = Full::new(Bytes::from_static(text.as_bytes()));
    let body = body.map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}
