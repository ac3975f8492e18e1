//! Writes of other clients to Redis are seen by an application under `flipcache run`, whether the
//! host links the cache or it was composed in.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use flipcache_tests::RedisServer;
use flipcache_tests::components::COMMAND_APP;
use redis::Connection;

use crate::composed::composed;
use crate::program::Program;

/// The timeout of a wait in a test.
const PATIENCE: Duration = Duration::from_secs(30);

/// For how long a cache that was composed in does not ask for changes.
const BOUND: Duration = Duration::from_millis(200);

/// How many keys are raced for.
const KEYS: usize = 2_000;

/// Who gives the application its cache.
#[derive(Clone, Copy, Debug)]
enum Cache {
    Linked,
    Composed,
}

/// An application that runs, of the tenant `t`; it is stopped on drop.
struct Application {
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
    _program: Program,
}

impl Application {
    fn start(cache: Cache, server: &RedisServer) -> Self {
        let program = Program::with_backend(&server.url());
        let file = match cache {
            Cache::Linked => COMMAND_APP.to_owned(),
            Cache::Composed => composed(COMMAND_APP, program.home()),
        };
        let words = ["run", "--staleness-bound", "0.4", "--tenant", "t", &file];
        let child = program.command().args(words).spawn();
        let mut child = child.expect("the binary must start");
        let input = child.stdin.take().expect("its input is a pipe");
        let output = child.stdout.take().expect("its output is a pipe");
        let (tell, answers) = mpsc::channel();
        // The thread ends with the process.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            input,
            answers,
            _program: program,
        }
    }

    /// As [`start`](Self::start), with a cache open.
    fn with_cache(cache: Cache, server: &RedisServer, name: &str) -> Self {
        let mut app = Self::start(cache, server);
        app.open(name);
        app
    }

    fn open(&mut self, name: &str) {
        self.done(&format!("open {name} {}", BOUND.as_millis()));
    }

    /// Tells it something; its answer.
    fn ask(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").expect("it must listen");
        let answer = self.answers.recv_timeout(PATIENCE);
        answer.unwrap_or_else(|error| panic!("{line:?} must be answered: {error}"))
    }

    #[track_caller]
    fn done(&mut self, line: &str) {
        assert_eq!(self.ask(line), "done", "{line}");
    }

    /// Writes a value, and checks that the local tier keeps it.
    fn keep(&mut self, name: &str, key: &str, value: &str) {
        self.done(&format!("set {name} {key} {value}"));
        // The first read pulls changes, and a cache that has just received some reads Redis.
        self.wait_until(name, key, &format!("{value} local"));
    }

    /// Reads a key until it has this value. Returns how long that took.
    #[track_caller]
    fn wait_until(&mut self, name: &str, key: &str, expected: &str) -> Duration {
        let start = Instant::now();
        loop {
            let answer = self.ask(&format!("get {name} {key}"));
            if answer.starts_with(expected) {
                return start.elapsed();
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{name} {key} must become {expected:?}; it is still {answer:?}"
            );
        }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // An error means that it has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn connect(server: &RedisServer) -> Connection {
    let client = redis::Client::open(server.url()).expect("the URL must be valid");
    client.get_connection().expect("the server must be up")
}

fn foreign(connection: &mut Connection, words: &[&str]) {
    let mut command = redis::cmd(words[0]);
    let done = command.arg(&words[1..]).query::<redis::Value>(connection);
    done.unwrap_or_else(|error| panic!("{words:?} must be answered: {error}"));
}

fn each_cache(test: impl Fn(Cache, &RedisServer)) {
    for cache in [Cache::Linked, Cache::Composed] {
        test(cache, &RedisServer::start());
    }
}

#[test]
fn run_external_write_is_seen_within_the_bound() {
    each_cache(|cache, server| {
        let mut app = Application::with_cache(cache, server, "user");
        let mut other = connect(server);
        for (round, command) in [
            &["SET", "t:user:k", "new"][..],
            &["APPEND", "t:user:k", "!"],
            &["DEL", "t:user:k"],
            &["FLUSHALL"],
        ]
        .into_iter()
        .enumerate()
        {
            app.keep("user", "k", "old");
            app.keep("user", "kept", "v");
            foreign(&mut other, command);
            let expected = ["new ", "old! ", "- ", "- "][round];
            let took = app.wait_until("user", "k", expected);
            // A busy machine may take its time, too.
            let bound = BOUND + Duration::from_secs(2);
            assert!(
                took < bound,
                "{cache:?} has seen {command:?} after {took:?}"
            );
        }
    });
}

#[test]
fn run_other_keys_stay_local() {
    each_cache(|cache, server| {
        let mut app = Application::with_cache(cache, server, "user");
        app.keep("user", "k", "old");
        app.keep("user", "kept", "v");
        foreign(&mut connect(server), &["SET", "t:user:k", "new"]);
        app.wait_until("user", "k", "new ");
        assert_eq!(app.ask("get user kept"), "v local", "{cache:?}");
    });
}

#[test]
fn run_names_that_nest_all_see_it() {
    each_cache(|cache, server| {
        for names in [["user", "user:admin"], ["user:admin", "user"]] {
            let mut app = Application::start(cache, server);
            let mut other = connect(server);
            let key = |name| if name == "user" { "admin:1" } else { "1" };
            for name in names {
                app.open(name);
                app.keep(name, key(name), "old");
            }
            app.keep(names[0], key(names[0]), "old");
            foreign(&mut other, &["SET", "t:user:admin:1", "new"]);
            for name in names {
                app.wait_until(name, key(name), "new ");
            }
            // What one of the two writes is the other's, too.
            app.done(&format!("set {} {} own", names[0], key(names[0])));
            let answer = app.ask(&format!("get {} {}", names[1], key(names[1])));
            assert!(answer.starts_with("own "), "{cache:?}: {answer:?}");
        }
    });
}

#[test]
fn run_after_a_connection_loss_reads_redis_and_caches_again() {
    each_cache(|cache, server| {
        let mut app = Application::with_cache(cache, server, "user");
        let mut other = connect(server);
        for round in 0..5 {
            app.keep("user", "k", "old");
            let kill = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];
            foreign(&mut other, &kill);
            foreign(&mut other, &["SET", "t:user:k", &round.to_string()]);
            app.wait_until("user", "k", &format!("{round} "));
            app.wait_until("user", "k", &format!("{round} local"));
        }
    });
}

#[test]
fn run_while_redis_is_silent_serves_nothing_old_and_afterwards_the_stored_value() {
    each_cache(|cache, server| {
        let mut app = Application::with_cache(cache, server, "user");
        app.keep("user", "k", "old");
        server.pause();
        app.wait_until("user", "k", "failed ");
        assert!(app.ask("get user k").starts_with("failed "), "{cache:?}");
        server.resume();
        foreign(&mut connect(server), &["SET", "t:user:k", "new"]);
        app.wait_until("user", "k", "new local");
    });
}

#[test]
fn run_while_redis_is_down_serves_nothing_old_and_afterwards_the_stored_value() {
    for cache in [Cache::Linked, Cache::Composed] {
        let mut server = RedisServer::start();
        let mut app = Application::with_cache(cache, &server, "user");
        app.keep("user", "k", "old");
        server.kill();
        app.wait_until("user", "k", "failed ");
        server.restart_on_same_port();
        foreign(&mut connect(&server), &["SET", "t:user:k", "new"]);
        app.wait_until("user", "k", "new local");
    }
}

#[test]
fn run_reads_racing_with_external_writes_leave_nothing_stale() {
    each_cache(|cache, server| race(cache, server, &format!("get-all race {KEYS}")));
}

#[test]
fn run_writes_racing_with_external_writes_leave_nothing_stale() {
    each_cache(|cache, server| race(cache, server, &format!("set-all race {KEYS} own")));
}

/// All keys are worked on by the application and written by another client, at the same time.
fn race(cache: Cache, server: &RedisServer, what: &str) {
    let mut app = Application::with_cache(cache, server, "race");
    write_all(&mut connect(server), "before");
    let mut other = connect(server);
    let writing = thread::spawn(move || write_all(&mut other, "foreign"));
    app.done(what);
    writing.join().expect("no write may fail");

    app.keep("race", "sentinel", "unseen");
    foreign(&mut connect(server), &["SET", "t:race:sentinel", "seen"]);
    app.wait_until("race", "sentinel", "seen ");
    let mut connection = connect(server);
    let mut truth = |key: usize| -> String {
        let held = redis::cmd("GET")
            .arg(format!("t:race:{key}"))
            .query(&mut connection);
        held.expect("the server must reply")
    };
    for key in 0..KEYS {
        let truth = truth(key);
        let answer = app.ask(&format!("get race {key}"));
        assert!(
            answer.starts_with(&format!("{truth} ")),
            "{cache:?}: {key} is {truth} in Redis, and nothing will mend {answer:?}"
        );
    }
    // Else nothing is kept, and nothing is proved.
    app.wait_until("race", "0", &format!("{} local", truth(0)));
}

/// Writes all keys, some at a time.
fn write_all(connection: &mut Connection, value: &str) {
    let keys: Vec<String> = (0..KEYS).map(|key| format!("t:race:{key}")).collect();
    for keys in keys.chunks(20) {
        let mut pipeline = redis::pipe();
        for key in keys {
            pipeline.set(key, value).ignore();
        }
        let written: redis::RedisResult<()> = pipeline.query(connection);
        written.expect("the server must take it");
    }
}
