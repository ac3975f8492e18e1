//! The commands that a server receives, by `MONITOR`: <https://redis.io/docs/latest/commands/monitor/>.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};

use flipcache_tests::RedisServer;

use crate::stores::{PATIENCE, foreign};

/// Commands of clients that set up their connection, or see whether it still is one.
const GREETINGS: [&str; 5] = ["HELLO", "CLIENT", "PING", "SELECT", "ROLE"];

/// The last of the commands that are waited for.
const SENTINEL: &str = "ECHO end";

/// A connection that receives every command.
pub(super) struct Monitor<'a> {
    server: &'a RedisServer,
    lines: BufReader<TcpStream>,
}

impl<'a> Monitor<'a> {
    pub(super) fn of(server: &'a RedisServer) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port()));
        let mut stream = stream.expect("the server must be up");
        let bounded = stream.set_read_timeout(Some(PATIENCE));
        bounded.expect("a socket takes a timeout");
        stream
            .write_all(b"MONITOR\r\n")
            .expect("the server must listen");
        let mut monitor = Self {
            server,
            lines: BufReader::new(stream),
        };
        assert_eq!(monitor.line(), "+OK", "the server must let us listen");
        monitor
    }

    /// The commands since the last call, as one would type them, each in a line. All whose answers
    /// have come are among them.
    pub(super) fn commands(&mut self) -> String {
        foreign::<String>(self.server, &["ECHO", "end"]);
        let mut commands = Vec::new();
        loop {
            let command = typed(&self.line());
            if command == SENTINEL {
                return commands.join("\n");
            }
            let first = command.split(' ').next().unwrap_or_default();
            if !GREETINGS.contains(&first.to_uppercase().as_str()) {
                commands.push(command);
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line);
        read.expect("the server must tell what it hears");
        line.trim_end().to_owned()
    }
}

/// The command of a line such as `+1700000000.000000 [0 127.0.0.1:50000] "SET" "n:k" "v"`. Good for
/// words without spaces and quotes.
fn typed(line: &str) -> String {
    let (_, quoted) = line.split_once("] ").unwrap_or_default();
    quoted.replace("\" \"", " ").trim_matches('"').to_owned()
}
