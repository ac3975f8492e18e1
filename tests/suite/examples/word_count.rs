//! The command that counts words.

use std::sync::Arc;

use flipcache::backend::KvBackend;
use flipcache_tests::examples::WORD_COUNT;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};

use super::host::Host;
use crate::composed::imports;
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::in_memory;

/// More than any test's output.
const ROOM: usize = 64 << 10;

/// How a run ended.
#[derive(Debug, PartialEq)]
struct Ended {
    ok: bool,
    stdout: String,
    stderr: String,
}

async fn run(host: &Host, backend: Arc<dyn KvBackend>, args: &[&str], stdin: &[u8]) -> Ended {
    let (stdout, stderr) = (MemoryOutputPipe::new(ROOM), MemoryOutputPipe::new(ROOM));
    let mut wasi = WasiCtxBuilder::new();
    wasi.args(args)
        .stdin(MemoryInputPipe::new(stdin.to_vec()))
        .stdout(stdout.clone())
        .stderr(stderr.clone());
    let mut store = host.store(backend, wasi);
    let command = Command::instantiate_async(&mut store, &host.composed, &host.linker).await;
    let command = command.expect("it must instantiate");
    let ended = command.wasi_cli_run().call_run(&mut store).await;
    let text = |pipe: MemoryOutputPipe| String::from_utf8_lossy(&pipe.contents()).into_owned();
    Ended {
        ok: ended.expect("it must not trap").is_ok(),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

#[test]
fn word_count_imports_wasi_and_what_the_cache_does() {
    let host = Host::of(WORD_COUNT);
    let allowed = ["flipcache:cache/kv-backend@", "flipcache:cache/types@"];
    let wasi = ["wasi:cli/", "wasi:clocks/", "wasi:io/"];
    for import in imports(&host.composed) {
        let mut allowed = allowed.iter().chain(&wasi);
        assert!(allowed.any(|name| import.starts_with(name)), "{import}");
    }
}

#[tokio::test]
async fn run_again_hits_the_backend_and_repeated_words_hit_the_local_tier() {
    let host = Host::of(WORD_COUNT);
    let backend = in_memory().backend;
    let text = b"The cache caches; the cachez.\n";
    let first = run(&host, backend.clone(), &["word-count"], text).await;
    let second = run(&host, backend, &["word-count"], text).await;
    assert_eq!(
        first,
        Ended {
            ok: true,
            stdout: "\
word                  count  nearest           local  backend  computed
the                       2  the                   1        0         1
cache                     1  cache                 0        0         1
caches                    1  cache +1              0        0         1
cachez                    1  cache +1              0        0         1
all words                 5                        1        0         4
run 1; 5 words in all runs
"
            .to_owned(),
            stderr: String::new(),
        }
    );
    assert_eq!(
        second.stdout,
        "\
word                  count  nearest           local  backend  computed
the                       2  the                   1        1         0
cache                     1  cache                 0        1         0
caches                    1  cache +1              0        1         0
cachez                    1  cache +1              0        1         0
all words                 5                        1        4         0
run 2; 10 words in all runs
"
    );
}

#[tokio::test]
async fn run_with_arguments_counts_these() {
    let host = Host::of(WORD_COUNT);
    let args = ["word-count", "a b", "a"];
    let ended = run(&host, in_memory().backend, &args, b"not these").await;
    assert!(ended.ok, "{ended:?}");
    let last = ended.stdout.lines().last();
    assert_eq!(last, Some("run 1; 3 words in all runs"));
}

#[tokio::test]
async fn run_on_invalid_utf8_fails_and_says_so() {
    let host = Host::of(WORD_COUNT);
    let ended = run(&host, in_memory().backend, &["word-count"], b"\xff").await;
    assert_eq!(
        ended,
        Ended {
            ok: false,
            stdout: String::new(),
            stderr: "word-count: the text is not UTF-8\n".to_owned(),
        }
    );
}

#[tokio::test]
async fn run_without_its_backend_fails_and_says_so() {
    let host = Host::of(WORD_COUNT);
    let backend = FaultyBackend::over(in_memory().backend);
    backend.set_fault(Fault::Down);
    let ended = run(&host, backend, &["word-count"], b"a").await;
    assert_eq!(
        ended,
        Ended {
            ok: false,
            stdout: String::new(),
            stderr: "word-count: the cache failed: the backend is unavailable: injected fault\n"
                .to_owned(),
        }
    );
}
