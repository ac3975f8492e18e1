//! `wasi:http/incoming-handler`.

use std::io::{Read, Write};

use wasip2::cli::stdout;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingRequest, OutgoingBody, OutgoingRequest, OutgoingResponse,
    ResponseOutparam,
};

use crate::{Hostile, eat, spin};

wasip2::http::proxy::export!(Hostile);

impl Guest for Hostile {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        match path.split('?').next().unwrap_or_default() {
            "/trap" => panic!("on purpose"),
            "/spin" => {
                body(&request);
                spin();
            }
            "/eat" => eat(),
            "/nothing" => {}
            "/error" => ResponseOutparam::set(out, Err(ErrorCode::LoopDetected)),
            "/begin" => begin(out),
            "/echo" => answer(out, &body(&request)),
            "/ask" => answer(out, ask().as_bytes()),
            "/print" => {
                // A failure shows in the test, as nothing is printed.
                let _ = stdout::get_stdout().write_all(b"printed by the application\n");
                answer(out, b"printed");
            }
            _ => answer(out, b"hello"),
        }
    }
}

/// An answer at once.
fn answer(out: ResponseOutparam, bytes: &[u8]) {
    if let Some(body) = head(out)
        && let Ok(mut stream) = body.write()
    {
        // Its client may be gone.
        let _ = stream.write_all(bytes);
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
    }
}

/// Part of an answer, and then for ever nothing.
fn begin(out: ResponseOutparam) {
    if let Some(body) = head(out)
        && let Ok(mut stream) = body.write()
    {
        let _ = stream.write_all(b"begun");
        let _ = stream.flush();
        spin();
    }
}

fn head(out: ResponseOutparam) -> Option<OutgoingBody> {
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().ok();
    ResponseOutparam::set(out, Ok(response));
    body
}

/// Returns the request's body, as far as the host lets it be read.
fn body(request: &IncomingRequest) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(body) = request.consume()
        && let Ok(mut stream) = body.stream()
        && stream.read_to_end(&mut bytes).is_err()
    {
        bytes = b"the body broke off".to_vec();
    }
    bytes
}

/// Returns what the host says to a request to another server.
fn ask() -> String {
    let request = OutgoingRequest::new(Fields::new());
    // The names are right.
    let _ = request.set_authority(Some("127.0.0.1:9"));
    let _ = request.set_path_with_query(Some("/"));
    let asked = outgoing_handler::handle(request, None).and_then(|response| {
        response.subscribe().block();
        match response.get() {
            Some(Ok(answered)) => answered.map(|_| ()),
            _ => Ok(()),
        }
    });
    format!("{asked:?}")
}
