//! Bodies: the client's, which is bounded, and those of answers that are not the application's.

use std::error::Error;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::http::HeaderValue;
use hyper::{Response, StatusCode};
use wasmtime_wasi_http::{Error as HttpError, WasiBody};

/// A body of a client, which ends with an error when it gets too large.
pub(super) fn bounded(body: Incoming, max: usize) -> WasiBody {
    let body = Limited::new(body, max);
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
