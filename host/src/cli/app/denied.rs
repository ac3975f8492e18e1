//! Outgoing requests of applications, which are denied.

use std::future::ready;

use hyper::{Request, Response};
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

/// Fails each request with the error `HTTP-request-denied`.
#[derive(Debug)]
pub(super) struct DeniedRequests;

/// The outcome of sending the body, after the head of a response.
type Rest = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for DeniedRequests {
    fn send_request(
        &mut self,
        _request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _rest: Rest,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Rest)>> + Send> {
        Box::new(ready(Err(Error::HttpRequestDenied)))
    }
}
