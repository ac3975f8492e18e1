//! Records the commands that Redis executes, by `MONITOR` on a separate connection without faults:
//! <https://redis.io/docs/latest/commands/monitor/>. Redis prints a command after its execution.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::testbed::NAME;
use crate::history::{Event, MonitorLine, Recorder};
use crate::oracle::changes_something;
use crate::time::Moment;

/// The positions of commands and scans, over all restarts of Redis.
#[derive(Default)]
pub(super) struct Order(AtomicU64);

impl Order {
    pub(super) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::AcqRel) + 1
    }
}

/// A connection that receives every command until Redis ends.
pub(super) struct Monitor {
    thread: JoinHandle<()>,
    /// The arguments of `ECHO`.
    echoes: Receiver<String>,
}

impl Monitor {
    /// Starts to record.
    pub(super) fn attach(port: u16, recorder: &Arc<Recorder>, order: &Arc<Order>) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
        let mut stream = stream.context("the server must be up")?;
        // The name protects it from the fault that kills the connections of the processes.
        let greeting = format!("CLIENT SETNAME {NAME}\r\nMONITOR\r\n");
        stream.write_all(greeting.as_bytes())?;
        let mut lines = BufReader::new(stream).lines();
        for _ in 0..2 {
            let line = lines.next().context("the server must reply")??;
            ensure!(line == "+OK", "the server must accept MONITOR: {line}");
        }
        let (echo, echoes) = mpsc::channel();
        let (recorder, order) = (Arc::clone(recorder), Arc::clone(order));
        let record = move || {
            for line in lines.map_while(Result::ok) {
                let at = Moment::now();
                let words = words(&line);
                match words.first() {
                    Some(word) if word.eq_ignore_ascii_case("ECHO") => {
                        // The receiver may be gone.
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
            thread: thread.spawn(record)?,
            echoes,
        })
    }

    /// Waits for the line of an `ECHO`, which follows those of all earlier commands.
    pub(super) fn wait_for_echo(&self, token: &str, patience: Duration) -> Result<()> {
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.echoes.recv_timeout(left) {
                Ok(echoed) if echoed == token => return Ok(()),
                Ok(_) => {}
                Err(_) => bail!("MONITOR must print ECHO {token} within {patience:?}"),
            }
        }
    }

    /// Waits until all lines are read, after Redis was killed.
    pub(super) fn finish(self) -> Result<()> {
        let ended = self.thread.join();
        ended.map_err(|_| anyhow::anyhow!("the thread that reads MONITOR panicked"))
    }
}

/// Parses the command of a line such as `+1700000000.000000 [0 127.0.0.1:50000] "SET" "k" "a
/// \"b\""`. Bytes that are escaped by number stay escaped: the keys and values of a run have none.
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
    fn words_line_of_monitor_is_parsed() {
        let of = |line| words(line).join("|");
        assert_eq!(
            of(r#"+1700000000.000000 [0 127.0.0.1:50000] "SET" "check:k 1" "a\"b\\" "PX" "50""#),
            r#"SET|check:k 1|a"b\|PX|50"#
        );
        assert_eq!(of(r#"+1700000000.000000 [0 lua] "DEL" "" "k""#), "DEL||k");
        assert_eq!(of("+OK"), "");
    }
}
