//! A Python process that does what it is told, line by line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use flipcache_tests::RedisServer;
use serde_json::Value as Json;

use super::venv;
use crate::stores::PATIENCE;

/// A Python with `FlipCache` and a connection to a server; stopped on drop.
pub(super) struct Peer {
    process: Child,
    asks: ChildStdin,
    answers: Receiver<String>,
}

impl Peer {
    /// Starts one; `None` if there is no Python here.
    pub(super) fn start(server: &RedisServer) -> Option<Self> {
        let python = venv::python()?;
        let mut process = Command::new(&python)
            .args(["-I", "-X", "utf8", "-c", include_str!("peer.py")])
            .arg(server.port().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} must start: {error}", python.display()));
        let asks = process.stdin.take().expect("its input is a pipe");
        let answers = lines(process.stdout.take().expect("its output is a pipe"));
        Some(Self {
            process,
            asks,
            answers,
        })
    }

    /// Returns what Python makes of an expression, as `ascii` shows it; `None` for statements.
    #[track_caller]
    pub(super) fn run(&mut self, source: &str) -> String {
        let answer = self.ask(source);
        match answer["value"].as_str() {
            Some(value) => value.to_owned(),
            None => panic!("Python must not fail at {source}: {answer}"),
        }
    }

    /// Returns the class of the exception that it raises.
    #[track_caller]
    pub(super) fn raised(&mut self, source: &str) -> String {
        let answer = self.ask(source);
        match answer["raised"].as_str() {
            Some(class) => class.to_owned(),
            None => panic!("Python must raise at {source}: {answer}"),
        }
    }

    #[track_caller]
    fn ask(&mut self, source: &str) -> Json {
        let asked = writeln!(self.asks, "{}", Json::from(source));
        asked.expect("Python must be listening; see above what ended it");
        match self.answers.recv_timeout(PATIENCE) {
            Ok(line) => serde_json::from_str(&line).expect("Python must answer in JSON"),
            Err(error) => {
                panic!("Python must answer to {source}; see above what ended it: {error}")
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // An error means that it has already exited.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The lines of a pipe, read in a thread that ends with it: a read of a pipe waits for ever.
fn lines(pipe: ChildStdout) -> Receiver<String> {
    let (send, lines) = mpsc::channel();
    thread::spawn(move || {
        let mut read = BufReader::new(pipe).lines().map_while(Result::ok);
        read.try_for_each(|line| send.send(line))
    });
    lines
}
