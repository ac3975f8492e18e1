//! A proxy that was written for `wasi:keyvalue@0.2.0-draft2` and knows nothing of the cache.
//!
//! | request | answer |
//! |---|---|
//! | `GET /BUCKET/KEY` | the value, or 404 |
//! | `PUT /BUCKET/KEY` | 204 |
//! | `DELETE /BUCKET/KEY` | 204 |
//! | `HEAD /BUCKET/KEY` | 200 or 404 |
//! | `GET /BUCKET?CURSOR` | keys, a line each, and the header `next` with the next cursor |
//! | `POST /BUCKET/get`, with keys line by line | lines `KEY=VALUE`, without those that are absent |
//! | `POST /BUCKET/set`, with lines `KEY=VALUE` | 204 |
//! | `POST /BUCKET/delete`, with keys line by line | 204 |
//!
//! A request that fails gets status 500 and the reason.
#![cfg(target_arch = "wasm32")]

mod bindings;

use std::io::{Read, Write};

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

use bindings::wasi::keyvalue::batch;
use bindings::wasi::keyvalue::store::{self, Bucket, Error};

/// Implements the exports of the generated code.
struct Proxy;

wasip2::http::proxy::export!(Proxy);

/// A response: a status, the next cursor, a body.
struct Answer(u16, Option<String>, Vec<u8>);

const DONE: Answer = Answer(204, None, Vec::new());

impl Guest for Proxy {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let answer = answer(&request);
        let answer =
            answer.unwrap_or_else(|error| Answer(500, None, format!("{error:?}").into_bytes()));
        send(out, &answer);
    }
}

fn answer(request: &IncomingRequest) -> Result<Answer, Error> {
    let path = request.path_with_query().unwrap_or_default();
    let path = path.trim_start_matches('/');
    let Some((name, key)) = path.split_once('/') else {
        let (name, cursor) = path.split_once('?').unwrap_or((path, ""));
        return list(
            &store::open(name)?,
            Some(cursor).filter(|cursor| !cursor.is_empty()),
        );
    };
    let bucket = store::open(name)?;
    match request.method() {
        Method::Get => Ok(match bucket.get(key)? {
            Some(value) => Answer(200, None, value),
            None => Answer(404, None, Vec::new()),
        }),
        Method::Head => {
            let status = if bucket.exists(key)? { 200 } else { 404 };
            Ok(Answer(status, None, Vec::new()))
        }
        Method::Put => bucket.set(key, &body(request)).map(|()| DONE),
        Method::Delete => bucket.delete(key).map(|()| DONE),
        _ => many(&bucket, key, &String::from_utf8_lossy(&body(request))),
    }
}

fn list(bucket: &Bucket, cursor: Option<&str>) -> Result<Answer, Error> {
    let page = bucket.list_keys(cursor)?;
    Ok(Answer(200, page.cursor, page.keys.join("\n").into_bytes()))
}

fn many(bucket: &Bucket, what: &str, lines: &str) -> Result<Answer, Error> {
    let keys: Vec<String> = lines.lines().map(str::to_owned).collect();
    match what {
        "get" => {
            let mut told = Vec::new();
            for (key, value) in batch::get_many(bucket, &keys)? {
                if let Some(value) = value {
                    told.extend([key.as_bytes(), b"=", &value, b"\n"].concat());
                }
            }
            Ok(Answer(200, None, told))
        }
        "set" => {
            let pairs = lines.lines().filter_map(|line| line.split_once('='));
            let pairs = pairs.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec()));
            batch::set_many(bucket, &pairs.collect::<Vec<_>>()).map(|()| DONE)
        }
        _ => batch::delete_many(bucket, &keys).map(|()| DONE),
    }
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

fn send(out: ResponseOutparam, Answer(status, next, bytes): &Answer) {
    let fields = Fields::new();
    if let Some(next) = next {
        // One that is no header value shows in the test, as it is not there.
        let _ = fields.append("next", next.as_bytes());
    }
    let response = OutgoingResponse::new(fields);
    let _ = response.set_status_code(*status);
    let body = response.body();
    ResponseOutparam::set(out, Ok(response));
    if let Ok(body) = body
        && let Ok(mut stream) = body.write()
    {
        // Its client may be gone.
        let _ = stream.write_all(bytes);
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
    }
}
