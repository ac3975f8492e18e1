//! What Redis executes, by `MONITOR` on a connection of its own that nothing happens to:
//! <https://redis.io/docs/latest/commands/monitor/>. Redis tells of a command after it was executed.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::stage::NAME;
use crate::history::{Event, MonitorLine, Recorder};
use crate::time::Moment;
use crate::truth::changes_something;

/// The places of commands and surveys, over all starts of Redis.
#[derive(Default)]
pub(super) struct Order(AtomicU64);

impl Order {
    pub(super) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::AcqRel) + 1
    }
}

/// A connection that hears every command, until Redis ends.
pub(super) struct Monitor {
    thread: JoinHandle<()>,
    /// What is echoed.
    echoes: Receiver<String>,
}

impl Monitor {
    /// Listens from now on.
    pub(super) fn attach(port: u16, recorder: &Arc<Recorder>, order: &Arc<Order>) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
        let mut stream = stream.context("the server must be up")?;
        // The name keeps it from being killed with the connections of the processes.
        let greeting = format!("CLIENT SETNAME {NAME}\r\nMONITOR\r\n");
        stream.write_all(greeting.as_bytes())?;
        let mut lines = BufReader::new(stream).lines();
        for _ in 0..2 {
            let line = lines.next().context("the server must answer")??;
            ensure!(line == "+OK", "the server must let us listen: {line}");
        }
        let (echo, echoes) = mpsc::channel();
        let (recorder, order) = (Arc::clone(recorder), Arc::clone(order));
        let hear = move || {
            for line in lines.map_while(Result::ok) {
                let at = Moment::now();
                let words = words(&line);
                match words.first() {
                    Some(word) if word.eq_ignore_ascii_case("ECHO") => {
                        // Nobody may wait any more.
                        let _ = echo.send(words.last().cloned().unwrap_or_default());
                    }
                    _ if changes_something(&words) => {
                        let order = order.next();
                        recorder.write(&Event::Monitored(MonitorLine { order, at, words }));
                    }
                    _ => {}
                }
            }
        };
        let thread = thread::Builder::new().name("monitor".to_owned());
        Ok(Self {
            thread: thread.spawn(hear)?,
            echoes,
        })
    }

    /// Waits until Redis has told of an `ECHO`, and so of everything before it.
    pub(super) fn wait_for_echo(&self, token: &str, patience: Duration) -> Result<()> {
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.echoes.recv_timeout(left) {
                Ok(echoed) if echoed == token => return Ok(()),
                Ok(_) => {}
                Err(_) => bail!("MONITOR must tell of ECHO {token} within {patience:?}"),
            }
        }
    }

    /// Waits until all is read, after Redis was killed.
    pub(super) fn finish(self) -> Result<()> {
        let ended = self.thread.join();
        ended.map_err(|_| anyhow::anyhow!("the thread that hears MONITOR panicked"))
    }
}

/// The command of a line such as `+1700000000.000000 [0 127.0.0.1:50000] "SET" "k" "a \"b\""`. Bytes that
/// are escaped by number stay as they are written: the keys and values of a run have none.
fn words(line: &str) -> Vec<String> {
    let Some((_, quoted)) = line.split_once("] \"") else {
        return Vec::new();
    };
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut is_inside, mut characters) = (true, quoted.chars());
    while let Some(character) = characters.next() {
        match character {
            '"' if is_inside => {
                words.push(std::mem::take(&mut word));
                is_inside = false;
            }
            '"' => is_inside = true,
            '\\' if is_inside => word.extend(characters.next()),
            _ if is_inside => word.push(character),
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_line_of_monitor_is_taken_apart() {
        let of = |line| words(line).join("|");
        assert_eq!(
            of(r#"+1700000000.000000 [0 127.0.0.1:50000] "SET" "check:k 1" "a\"b\\" "PX" "50""#),
            r#"SET|check:k 1|a"b\|PX|50"#
        );
        assert_eq!(of(r#"+1700000000.000000 [0 lua] "DEL" "" "k""#), "DEL||k");
        assert_eq!(of("+OK"), "");
    }
}
