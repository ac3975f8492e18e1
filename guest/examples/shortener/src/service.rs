//! The entry of the service.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::{self, Read, Write};

use flipcache_guest::{Error, Found, Source};
use wasip2::cli::stderr;
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

use crate::links::Links;
use crate::reply::Reply;
use crate::route::Route;
use crate::target::{LONGEST, target};

/// The type that the generated code exports.
struct Service;

wasip2::http::proxy::export!(Service);

impl wasip2::exports::http::incoming_handler::Guest for Service {
    fn handle(request: IncomingRequest, response: ResponseOutparam) {
        let reply = answer(&request).unwrap_or_else(|error| {
            log(&error);
            Reply::new(503, "the cache does not answer\n").header("retry-after", "1")
        });
        let with_body = !matches!(request.method(), Method::Head);
        // The client may have disconnected.
        let _ = send(response, &reply, with_body);
    }
}

fn answer(request: &IncomingRequest) -> Result<Reply, Error> {
    let path = request.path_with_query().unwrap_or_default();
    match Route::of(method(&request.method()), &path) {
        Route::Help => help(),
        Route::Shorten => shorten(request),
        Route::Follow(code) => follow(code),
        Route::Nothing => Ok(Reply::new(404, "no such link\n")),
        Route::NotAllowed { allow } => {
            Ok(Reply::new(405, "no such method here\n").header("allow", allow))
        }
    }
}

fn help() -> Result<Reply, Error> {
    let stats = Links::open()?.stats();
    let (local, backend, none) = (stats.local_hits, stats.backend_hits, stats.misses);
    Ok(Reply::new(
        200,
        format!(
            "POST / with a URL as the body answers a short code; GET /CODE leads to the URL.\n\
             links found: {local} in the local tier, {backend} in the backend; {none} not found\n"
        ),
    ))
}

fn shorten(request: &IncomingRequest) -> Result<Reply, Error> {
    let Ok(body) = body(request) else {
        return Ok(Reply::new(400, "the body cannot be read\n"));
    };
    let Some(url) = target(&body) else {
        let why = format!("the body is no URL of http or https of at most {LONGEST} bytes\n");
        return Ok(Reply::new(400, why));
    };
    Ok(match Links::open()?.add(url)? {
        Some(code) => Reply::new(201, format!("{code}\n")).header("location", format!("/{code}")),
        None => Reply::new(503, "no code is free\n"),
    })
}

fn follow(code: &str) -> Result<Reply, Error> {
    let Found { value, source } = Links::open()?.find(code)?;
    let reply = match value {
        Some(url) => Reply::new(302, "").header("location", url),
        None => Reply::new(404, "no such link\n"),
    };
    let tier = match source {
        Source::Local | Source::Stale => "local",
        Source::Backend => "backend",
        Source::Default | Source::None => "none",
    };
    Ok(reply.header("x-cache", tier))
}

fn method(method: &Method) -> &str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        // The others are not allowed anywhere.
        _ => "",
    }
}

/// Returns the body; if it is too long, only enough of it to show that.
fn body(request: &IncomingRequest) -> io::Result<Vec<u8>> {
    let gone = |()| io::ErrorKind::UnexpectedEof;
    let body = request.consume().map_err(gone)?;
    let stream = body.stream().map_err(gone)?;
    let mut bytes = Vec::new();
    stream.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn send(response: ResponseOutparam, reply: &Reply, with_body: bool) -> io::Result<()> {
    let headers = Fields::new();
    let text = ("content-type", "text/plain; charset=utf-8".to_owned());
    for (name, value) in reply.headers.iter().chain([&text]) {
        headers
            .append(name, value.as_bytes())
            .map_err(io::Error::other)?;
    }
    let outgoing = OutgoingResponse::new(headers);
    let refused = |()| io::ErrorKind::InvalidInput;
    outgoing.set_status_code(reply.status).map_err(refused)?;
    let body = outgoing.body().map_err(refused)?;
    ResponseOutparam::set(response, Ok(outgoing));
    if with_body {
        let mut stream = body.write().map_err(refused)?;
        stream.write_all(reply.body.as_bytes())?;
        Write::flush(&mut stream)?;
    }
    OutgoingBody::finish(body, None).map_err(io::Error::other)
}

/// Logs details for the operator that clients do not need.
fn log(error: &Error) {
    let mut told = format!("shortener: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        // A `String` takes everything.
        let _ = write!(told, ": {error}");
        cause = error.source();
    }
    let _ = writeln!(stderr::get_stderr(), "{told}");
}
