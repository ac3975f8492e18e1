//! A Redis server for one test: on a free port of the loopback interface, with a folder of its own,
//! ended with the test.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::certificates::Identity;

/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);

/// The Unix socket, in the server's folder.
const SOCKET: &str = "redis.sock";

/// How long a server that has just started may take to answer.
const ANSWER: Duration = Duration::from_secs(1);

/// How often a free port may turn out to be taken by someone else.
const PORTS_TRIED: usize = 10;

/// What a server is like.
#[derive(Clone, Debug, Default)]
pub struct RedisOptions {
    /// The password that clients must give.
    pub password: Option<String>,
    /// Whether what was written survives [`RedisServer::kill`].
    pub persist: bool,
    /// How it speaks TLS; it speaks nothing else on its port then.
    pub tls: Option<ServerTls>,
    /// More arguments, as redis-server takes them: `["--rename-command", "HELLO", ""]`.
    pub arguments: Vec<String>,
}

/// What a server shows and asks for over TLS.
#[derive(Clone, Debug)]
pub struct ServerTls {
    /// The server's own certificate.
    pub identity: Identity,
    /// The root of the certificates that clients must show; if there is none, they need not.
    pub clients: Option<PathBuf>,
}

impl ServerTls {
    /// Returns a server that asks its clients for no certificate.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            clients: None,
        }
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        let text = |file: &PathBuf| file.display().to_string();
        let asked = match self.clients {
            Some(_) => "yes",
            None => "no",
        };
        let mut arguments = vec![
            ("--tls-cert-file", text(&self.identity.cert)),
            ("--tls-key-file", text(&self.identity.key)),
            ("--tls-auth-clients", asked.to_owned()),
        ];
        let roots = self.clients.iter().map(text);
        arguments.extend(roots.map(|root| ("--tls-ca-cert-file", root)));
        let pairs = arguments.into_iter();
        pairs
            .flat_map(|(name, value)| [name.to_owned(), value])
            .collect()
    }
}

/// A `redis-server` that runs, or one that was killed and can be started again.
pub struct RedisServer {
    process: Process,
    port: u16,
    options: RedisOptions,
    folder: TempDir,
}

impl RedisServer {
    /// Starts a server without a password, which keeps nothing on the disk, and waits until it
    /// replies.
    ///
    /// # Panics
    ///
    /// If there is no `redis-server` on the PATH, or if it does not start.
    pub fn start() -> Self {
        Self::start_with(RedisOptions::default())
    }

    /// As [`start`](Self::start), with options.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn start_with(options: RedisOptions) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the server must be created");
        for _ in 0..PORTS_TRIED {
            let port = free_port();
            let mut process = Process::spawn(port, &options, &folder);
            if process.answers(port, &options, &folder) {
                return Self {
                    process,
                    port,
                    options,
                    folder,
                };
            }
        }
        panic!(
            "redis-server did not start on any of {PORTS_TRIED} ports; its log ends with:\n{}",
            log_of(&folder)
        );
    }

    /// Returns the URL for clients, with the password.
    pub fn url(&self) -> String {
        let scheme = match self.options.tls {
            Some(_) => "rediss",
            None => "redis",
        };
        match &self.options.password {
            Some(password) => format!("{scheme}://:{password}@127.0.0.1:{}", self.port),
            None => format!("{scheme}://127.0.0.1:{}", self.port),
        }
    }

    /// Returns the port, which stays the same when the server is started again.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the Unix socket on which the server listens too.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(SOCKET)
    }

    /// Ends the server at once (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        self.process.end();
    }

    /// Starts the server again, after [`kill`](Self::kill) or instead of the running one.
    ///
    /// # Panics
    ///
    /// If it does not start, for instance because the port was taken by someone else.
    pub fn restart_on_same_port(&mut self) {
        self.process.end();
        self.process = Process::spawn(self.port, &self.options, &self.folder);
        assert!(
            self.process.answers(self.port, &self.options, &self.folder),
            "redis-server did not start again on port {}; its log ends with:\n{}",
            self.port,
            log_of(&self.folder)
        );
    }

    /// Stops the server (SIGSTOP): it keeps its connections and does not reply.
    pub fn pause(&self) {
        self.process.signal("-STOP");
    }

    /// Lets a paused server go on (SIGCONT).
    pub fn resume(&self) {
        self.process.signal("-CONT");
    }
}

/// A child that does not outlive its value.
pub(crate) struct Process(Child);

impl Process {
    fn spawn(port: u16, options: &RedisOptions, folder: &TempDir) -> Self {
        let (save, append) = match options.persist {
            true => ("1 1", "yes"),
            false => ("", "no"),
        };
        let port = port.to_string();
        let mut command = Command::new("redis-server");
        command
            .current_dir(folder.path())
            .args(match options.tls {
                Some(_) => vec!["--port", "0", "--tls-port", &port],
                // Not every redis-server knows of TLS.
                None => vec!["--port", &port],
            })
            .args(options.tls.iter().flat_map(ServerTls::arguments))
            .args(["--bind", "127.0.0.1"])
            .args(["--unixsocket", SOCKET, "--logfile", "redis.log"])
            .args(["--save", save, "--appendonly", append])
            .args(["--appendfsync", "always", "--daemonize", "no"])
            .args(&options.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(password) = &options.password {
            command.args(["--requirepass", password]);
        }
        Self::spawn_command(command)
    }

    /// Returns a sentinel whose `sentinel.conf` is in the folder.
    pub(crate) fn spawn_sentinel(folder: &TempDir) -> Self {
        let mut command = Command::new("redis-server");
        command
            .current_dir(folder.path())
            .args(["sentinel.conf", "--sentinel"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self::spawn_command(command)
    }

    fn spawn_command(mut command: Command) -> Self {
        match command.spawn() {
            Ok(child) => Self(child),
            Err(error) if error.kind() == ErrorKind::NotFound => panic!(
                "this test needs redis-server: run `make setup`, or `apt-get install redis-server`"
            ),
            Err(error) => panic!("redis-server cannot be started: {error}"),
        }
    }

    fn answers(&mut self, port: u16, options: &RedisOptions, folder: &TempDir) -> bool {
        let password = options.password.as_deref();
        self.is_answered_as(|| match options.tls {
            // It listens on the socket last.
            Some(_) => process_id_by_socket(&folder.path().join(SOCKET), password),
            None => process_id(port, password),
        })
    }

    /// Waits until this process, and no other that has the port, replies with its id; `false` if it
    /// ends instead.
    pub(crate) fn is_answered_as(&mut self, id: impl Fn() -> Option<u32>) -> bool {
        let start = Instant::now();
        while start.elapsed() < START {
            if self.0.try_wait().is_ok_and(|status| status.is_some()) {
                return false;
            }
            if id() == Some(self.0.id()) {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    pub(crate) fn end(&mut self) {
        // An error means that it has already exited.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "`kill {signal} {id}` must work; is the server still running?"
        );
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port of the loopback interface must be found")
        .port()
}

/// Asks the server on the port for its process id; `None` if it does not answer, or not yet.
fn process_id(port: u16, password: Option<&str>) -> Option<u32> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(ANSWER)).ok()?;
    ask_process_id(stream, password)
}

fn process_id_by_socket(socket: &Path, password: Option<&str>) -> Option<u32> {
    let stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(ANSWER)).ok()?;
    ask_process_id(stream, password)
}

fn ask_process_id(mut stream: impl Read + Write, password: Option<&str>) -> Option<u32> {
    if let Some(password) = password {
        let length = password.len();
        let command = format!("*2\r\n$4\r\nAUTH\r\n${length}\r\n{password}\r\n");
        stream.write_all(command.as_bytes()).ok()?;
    }
    stream
        .write_all(b"*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n*1\r\n$4\r\nQUIT\r\n")
        .ok()?;
    // QUIT makes the server close, so all of the answer is what comes until then.
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    if !answer.contains("+PONG") {
        return None;
    }
    let line = answer
        .lines()
        .find_map(|line| line.strip_prefix("process_id:"));
    line?.trim().parse().ok()
}

fn log_of(folder: &TempDir) -> String {
    let log = fs::read_to_string(folder.path().join("redis.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_server_answers_and_ends_with_its_value() {
        let server = RedisServer::start();
        let port = server.port();
        assert!(process_id(port, None).is_some());

        drop(server);
        assert!(
            process_id(port, None).is_none(),
            "end the server when its value is dropped"
        );
    }

    #[test]
    fn restart_on_same_port_keeps_what_was_written_if_asked_to() {
        let options = RedisOptions {
            password: Some("a b$c".to_owned()),
            persist: true,
            ..RedisOptions::default()
        };
        let mut server = RedisServer::start_with(options);
        let before = process_id(server.port(), Some("a b$c"));

        server.kill();
        server.restart_on_same_port();

        let after = process_id(server.port(), Some("a b$c"));
        assert!(before.is_some() && after.is_some() && before != after);
        assert!(server.folder.path().join("appendonlydir").exists());
    }
}
