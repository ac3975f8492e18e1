//! A server of the binary, and a client that sends exactly the given bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::program::Program;

/// How long a client waits before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// `flipcache serve` on a free port, stopped on drop.
pub(crate) struct Served {
    child: Child,
    addr: SocketAddr,
    stderr: Option<BufReader<ChildStderr>>,
    _program: Program,
}

/// The response of a server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Served {
    pub(crate) fn start(file: &str, options: &[&str]) -> Self {
        Self::start_with(Program::with_backend("memory:"), file, options)
    }

    pub(crate) fn start_with(program: Program, file: &str, options: &[&str]) -> Self {
        let mut child = program
            .command()
            .args(["serve", file, "--addr", "127.0.0.1:0"])
            .args(options)
            .spawn()
            .expect("the binary must start");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is a pipe");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("it must be text");
        let addr = line
            .strip_prefix("listening on http://")
            .and_then(|addr| addr.trim_end().parse().ok());
        let stderr = child.stderr.take().map(BufReader::new);
        Self {
            child,
            stderr,
            addr: addr.unwrap_or_else(|| panic!("it must tell where it listens: {line:?}")),
            _program: program,
        }
    }

    /// Returns a connection, or an error if the port is closed.
    pub(crate) fn connect(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(self.addr)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// Sends these very bytes.
    pub(crate) fn send(&self, bytes: &str) -> TcpStream {
        let mut stream = self.connect().expect("it must listen");
        stream
            .write_all(bytes.as_bytes())
            .expect("it must take them");
        stream
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        answer(self.send(&format!("GET {path} HTTP/1.0\r\nhost: test\r\n\r\n")))
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        let length = body.len();
        answer(self.send(&format!(
            "POST {path} HTTP/1.0\r\nhost: test\r\ncontent-length: {length}\r\n\r\n{body}"
        )))
    }

    /// Sends the head of a POST whose body has as many bytes, and waits until an instance wants
    /// them.
    pub(crate) fn begin_post(&self, path: &str, length: usize) -> TcpStream {
        let mut stream = self.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        ));
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).expect("it must want them");
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    }

    /// Waits until the port is closed.
    pub(crate) fn wait_until_closed(&self) {
        let start = Instant::now();
        while self.connect().is_ok() {
            assert!(start.elapsed() < PATIENCE, "it must stop to listen");
        }
    }

    /// Returns what it tells beside where it listens.
    pub(crate) fn stderr(&mut self) -> &mut BufReader<ChildStderr> {
        self.stderr.as_mut().expect("its errors are a pipe")
    }

    /// Returns the next line that it logs.
    pub(crate) fn log_line(&mut self) -> String {
        let mut stderr = self.stderr.take().expect("its errors are a pipe");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = stderr.read_line(&mut line).map(|_| line);
            // A test that has failed meanwhile reads nothing more.
            let _ = sender.send((read, stderr));
        });
        let (line, stderr) = lines
            .recv_timeout(PATIENCE)
            .expect("it must log a line; look at what it logs by default");
        self.stderr = Some(stderr);
        line.expect("it must be text")
    }

    pub(crate) fn signal(&self, name: &str) {
        crate::signals::send(&self.child, name);
    }

    /// Waits for its end; what it wrote to standard error.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let mut err = String::new();
        let mut stderr = self.stderr.take().expect("its errors are a pipe");
        stderr.read_to_string(&mut err).expect("they must be text");
        (self.child.wait().expect("it must end"), err)
    }

    /// Tells it to end, and waits.
    pub(crate) fn stop(self) -> String {
        self.signal("-TERM");
        let (status, err) = self.wait();
        assert_eq!(status.code(), Some(0), "{err}");
        err
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // An error means that it has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that keeps its connection.
pub(crate) struct KeptAlive(BufReader<TcpStream>);

impl KeptAlive {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(BufReader::new(stream))
    }

    /// Returns the head of the response to a GET, once its chunked body has been read.
    pub(crate) fn get(&mut self, path: &str) -> std::io::Result<String> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes())?;
        let head = self.lines_until("\r\n")?;
        self.lines_until("0\r\n")?;
        self.lines_until("\r\n")?;
        Ok(head.to_lowercase())
    }

    /// Reads to the end of the stream.
    pub(crate) fn end(mut self) -> std::io::Result<String> {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest)?;
        Ok(rest)
    }

    fn lines_until(&mut self, last: &str) -> std::io::Result<String> {
        let mut lines = String::new();
        loop {
            let start = lines.len();
            if self.0.read_line(&mut lines)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if &lines[start..] == last {
                return Ok(lines);
            }
        }
    }
}

/// Returns all that comes until the server closes.
pub(crate) fn answer(mut stream: TcpStream) -> Answer {
    let mut text = String::new();
    stream
        .read_to_string(&mut text)
        .expect("it must answer in text, and in time");
    let (head, body) = text.split_once("\r\n\r\n").expect("there must be a head");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Answer {
        status: status.expect("there must be a status"),
        head: head.to_lowercase(),
        body: body.to_owned(),
    }
}
