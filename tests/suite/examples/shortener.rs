//! The URL shortener. With the cache composed into it, its local tier lives as long as the
//! instance; a host that links the cache shares it among all.

use std::sync::Arc;

use flipcache::backend::KvBackend;
use flipcache_tests::examples::SHORTENER;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response};
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::Proxy;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;

use super::host::{Data, Host};
use crate::composed::imports;
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::{bucket, in_memory, keys, set};

/// An instance of the service.
struct Service {
    proxy: Proxy,
    store: Store<Data>,
}

impl Service {
    async fn start(host: &Host, backend: Arc<dyn KvBackend>) -> Self {
        let mut store = host.store(backend, WasiCtxBuilder::new());
        let proxy = Proxy::instantiate_async(&mut store, &host.composed, &host.linker).await;
        let proxy = proxy.expect("it must instantiate");
        Self { proxy, store }
    }

    /// Returns a service of its own, over an empty store.
    async fn alone() -> Self {
        Self::start(&Host::of(SHORTENER), in_memory().backend).await
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> Response<String> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "example.org")
            .body(Full::from(body.to_owned()))
            .expect("the test's request must be right");
        let (sender, receiver) = oneshot::channel();
        let mut http = self.store.data_mut().http();
        let request = http.new_incoming_request(Scheme::Http, request);
        let request = request.expect("it must be taken");
        let out = http.new_response_outparam(sender);
        let out = out.expect("it must be taken");
        let handler = self.proxy.wasi_http_incoming_handler();
        // The service waits until its answer is taken.
        let taken = async {
            let answer = receiver.await.expect("it must answer");
            let (head, body) = answer.expect("it must not fail").into_parts();
            let body = body.collect().await.expect("the body must end");
            let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            Response::from_parts(head, text)
        };
        let (handled, answer) =
            tokio::join!(handler.call_handle(&mut self.store, request, out), taken);
        handled.expect("it must not trap");
        answer
    }

    async fn status(&mut self, method: &str, path: &str, body: &str) -> u16 {
        self.ask(method, path, body).await.status().as_u16()
    }
}

fn header<'a>(answer: &'a Response<String>, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().expect("it must be text"))
}

#[test]
fn shortener_imports_wasi_and_what_the_cache_does() {
    let host = Host::of(SHORTENER);
    let allowed = ["flipcache:cache/kv-backend@", "flipcache:cache/types@"];
    let wasi = ["wasi:cli/", "wasi:clocks/", "wasi:http/", "wasi:io/"];
    for import in imports(&host.composed) {
        let mut allowed = allowed.iter().chain(&wasi);
        assert!(allowed.any(|name| import.starts_with(name)), "{import}");
    }
}

#[tokio::test]
async fn follow_link_of_another_instance_is_a_backend_hit_and_then_a_local_hit() {
    let host = Host::of(SHORTENER);
    let backend = in_memory().backend;
    let mut first = Service::start(&host, backend.clone()).await;
    let made = first
        .ask("POST", "/", "https://example.com/a?b=c#d\n")
        .await;
    assert_eq!((made.status().as_u16(), made.body().as_str()), (201, "1\n"));
    assert_eq!(header(&made, "location"), "/1");

    let mut second = Service::start(&host, backend).await;
    for tier in ["backend", "local"] {
        let found = second.ask("GET", "/1", "").await;
        assert_eq!(found.status().as_u16(), 302);
        assert_eq!(header(&found, "location"), "https://example.com/a?b=c#d");
        assert_eq!(header(&found, "x-cache"), tier);
    }
    let help = second.ask("GET", "/", "").await;
    assert_eq!(help.status().as_u16(), 200);
    let told = "links found: 1 in the local tier, 1 in the backend; 0 not found";
    assert!(help.body().contains(told), "{help:?}");
}

#[tokio::test]
async fn shorten_when_codes_are_taken_overwrites_none() {
    let host = Host::of(SHORTENER);
    let backend = in_memory().backend;
    let urls = bucket("shortener:url");
    for code in ["1", "2"] {
        let written = set(&*backend, &urls, code, "https://example.com/old", None).await;
        written.expect("the backend must write");
    }
    let mut service = Service::start(&host, backend.clone()).await;
    let made = service.ask("POST", "/", "https://example.com/new").await;
    assert_eq!(made.body(), "3\n");
    assert!(matches!(
        backend.exists(&urls, &keys(["1", "2", "3"])).await,
        Ok(3)
    ));
    let old = service.ask("GET", "/2", "").await;
    assert_eq!(header(&old, "location"), "https://example.com/old");
}

#[tokio::test]
async fn request_for_an_unknown_path_is_not_found() {
    let mut service = Service::alone().await;
    let absent = service.ask("GET", "/zz", "").await;
    assert_eq!(
        (absent.status().as_u16(), header(&absent, "x-cache")),
        (404, "none")
    );
    assert_eq!(service.status("GET", "/favicon.ico", "").await, 404);
    let method = service.ask("PUT", "/", "").await;
    assert_eq!(
        (method.status().as_u16(), header(&method, "allow")),
        (405, "GET, HEAD, POST")
    );
    assert_eq!(service.status("DELETE", "/zz", "").await, 405);
}

#[tokio::test]
async fn shorten_invalid_or_too_long_url_is_refused() {
    let mut service = Service::alone().await;
    let long = format!("https://example.com/{}", "a".repeat(1 << 20));
    for body in ["", "example.com", "javascript:alert(1)", &long] {
        assert_eq!(
            service.status("POST", "/", body).await,
            400,
            "{}",
            body.len()
        );
    }
}

#[tokio::test]
async fn head_replies_as_get_without_a_body() {
    let mut service = Service::alone().await;
    let head = service.ask("HEAD", "/zz", "").await;
    assert_eq!((head.status().as_u16(), head.body().as_str()), (404, ""));
}

#[tokio::test]
async fn request_while_the_backend_is_down_is_unavailable_without_details() {
    let host = Host::of(SHORTENER);
    let backend = FaultyBackend::over(in_memory().backend);
    backend.set_fault(Fault::Down);
    let mut service = Service::start(&host, backend).await;
    for (method, path) in [("GET", "/1"), ("POST", "/")] {
        let answer = service.ask(method, path, "https://example.com/").await;
        assert_eq!(answer.status().as_u16(), 503);
        assert_eq!(answer.body(), "the cache does not answer\n");
    }
}
