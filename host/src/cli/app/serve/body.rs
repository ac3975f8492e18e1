//! Bodies: the client's, which is bounded; the application's; those of answers that are not its own.

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

/// A body of a client, which ends with an error when it gets too large.
pub(super) fn bounded(body: Incoming, max: usize, activity: Arc<Activity>) -> WasiBody {
    let body = Limited::new(Awaited { body, activity }, max);
    body.map_err(move |error| refused(error, max))
        .boxed_unsync()
}

/// Whether the client says itself that its body is too large.
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

/// A body of a client, whose connection knows while it is awaited.
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
            self.activity.body_came();
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
        self.activity.body_came();
    }
}

/// The body of any response, whose connection knows when it has ended.
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

/// The body of an instance's answer. It breaks off where the instance was stopped: by itself it would
/// end there as if it were complete.
pub(super) struct Answered {
    body: WasiBody,
    is_stopped: Arc<AtomicBool>,
}

impl Answered {
    /// `is_stopped` tells what became of the instance before the instance goes.
    pub(super) fn new(body: WasiBody, is_stopped: Arc<AtomicBool>) -> Self {
        Self { body, is_stopped }
    }
}

impl Body for Answered {
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

/// An answer in one line of text, that is not the application's.
pub(super) fn plain(status: StatusCode, words: &'static str) -> Response<WasiBody> {
    let body = Full::new(Bytes::from_static(words.as_bytes()));
    let body = body.map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}
