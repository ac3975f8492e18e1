//! A master, two replicas and three sentinels for one test, on free ports of the loopback
//! interface.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::redis_server::{Process, RedisOptions, RedisServer, ServerTls, free_port};

/// A sentinel's Unix socket, in its folder.
const SOCKET: &str = "sentinel.sock";

/// What the sentinels call the master.
pub const SERVICE: &str = "flip";

/// How long a master may be silent before a sentinel takes it to be down.
const DOWN_AFTER: Duration = Duration::from_millis(500);

/// How long the sentinels may take to find each other and the replicas, or to have a new master.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long one of them may take to answer.
const ANSWER: Duration = Duration::from_secs(1);

/// How often a free port may turn out to be taken by someone else.
const PORTS_TRIED: usize = 10;

/// What the servers and sentinels are like.
#[derive(Clone, Debug, Default)]
pub struct SentinelOptions {
    /// The password of the servers.
    pub password: Option<String>,
    /// The password of the sentinels.
    pub sentinel_password: Option<String>,
    /// How servers and sentinels speak TLS, to clients and to each other.
    pub tls: Option<ServerTls>,
    /// More lines of the sentinels' configuration.
    pub lines: Vec<String>,
}

/// A service: its servers, and those who watch them.
pub struct SentinelTrio {
    // Dropped first, so that none of them sees a master end.
    sentinels: Vec<Sentinel>,
    servers: Vec<RedisServer>,
    options: SentinelOptions,
}

struct Sentinel {
    process: Process,
    port: u16,
    folder: TempDir,
}

impl SentinelTrio {
    /// Starts all of them without a password, and waits until each sentinel knows all others.
    ///
    /// # Panics
    ///
    /// If there is no `redis-server` on the PATH, or if they do not find each other.
    pub fn start() -> Self {
        Self::start_with(SentinelOptions::default())
    }

    /// As [`start`](Self::start), with options.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn start_with(options: SentinelOptions) -> Self {
        let master = server(&options, None);
        let replicas = [(), ()].map(|()| server(&options, Some(master.port())));
        let servers: Vec<_> = std::iter::once(master).chain(replicas).collect();
        let sentinels = (0..3)
            .map(|_| Sentinel::start(&options, servers[0].port()))
            .collect();
        let trio = Self {
            sentinels,
            servers,
            options,
        };
        for place in 0..3 {
            trio.wait(place, "find all others", |trio| {
                let known = trio.ask(place, &["SENTINEL", "MASTER", SERVICE]);
                let known = known.unwrap_or_default();
                let number = |of| field(&known, of) == Some("2");
                number("num-slaves") && number("num-other-sentinels")
            });
        }
        trio
    }

    /// Returns the URL for clients, with the passwords.
    pub fn url(&self) -> String {
        let ports = self.sentinels.iter().map(|sentinel| sentinel.port);
        let hosts: Vec<_> = ports.map(|port| format!("127.0.0.1:{port}")).collect();
        let user = match &self.options.password {
            Some(password) => format!(":{password}@"),
            None => String::new(),
        };
        let query = match &self.options.sentinel_password {
            Some(password) => format!("?sentinel_password={password}"),
            None => String::new(),
        };
        let scheme = match self.options.tls {
            Some(_) => "rediss",
            None => "redis",
        };
        format!(
            "{scheme}+sentinel://{user}{}/{SERVICE}{query}",
            hosts.join(",")
        )
    }

    /// Returns the servers; the first one was the master at the start.
    pub fn servers(&self) -> &[RedisServer] {
        &self.servers
    }

    /// Returns which of the servers a sentinel says is the master.
    pub fn master_by(&self, sentinel: usize) -> Option<usize> {
        let question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE];
        let answer = self.ask(sentinel, &question)?;
        let port: u16 = answer.lines().last()?.trim().parse().ok()?;
        self.servers.iter().position(|server| server.port() == port)
    }

    /// Has a sentinel make a replica the master, and waits until it says so.
    ///
    /// # Panics
    ///
    /// If that does not happen.
    pub fn fail_over(&self, sentinel: usize) -> &RedisServer {
        let before = self.master_by(sentinel);
        // It may not have had news of an eligible replica lately.
        self.wait(sentinel, "begin a failover", |trio| {
            let answer = trio.ask(sentinel, &["SENTINEL", "FAILOVER", SERVICE]);
            answer.is_some_and(|answer| answer.starts_with("+OK"))
        });
        self.wait_for_another(sentinel, before)
    }

    /// Waits until a sentinel names another master than that.
    ///
    /// # Panics
    ///
    /// If that does not happen.
    pub fn wait_for_another(&self, sentinel: usize, before: Option<usize>) -> &RedisServer {
        let mut master = None;
        self.wait(sentinel, "name another master", |trio| {
            master = trio.master_by(sentinel);
            master.is_some() && master != before
        });
        &self.servers[master.expect("that was waited for")]
    }

    /// Ends a sentinel at once.
    pub fn kill_sentinel(&mut self, sentinel: usize) {
        self.sentinels[sentinel].process.end();
    }

    /// Stops a sentinel (SIGSTOP): it keeps its connections and does not reply.
    pub fn pause_sentinel(&self, sentinel: usize) {
        self.sentinels[sentinel].process.signal("-STOP");
    }

    /// Starts a sentinel again, with what it knew.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn restart_sentinel(&mut self, sentinel: usize) {
        self.kill_sentinel(sentinel);
        let ended = &mut self.sentinels[sentinel];
        ended.process = Process::spawn_sentinel(&ended.folder);
        self.wait(sentinel, "start again", |trio| {
            trio.master_by(sentinel).is_some()
        });
    }

    fn ask(&self, sentinel: usize, command: &[&str]) -> Option<String> {
        let folder = &self.sentinels[sentinel].folder;
        ask(folder, self.options.sentinel_password.as_deref(), command)
    }

    fn wait(&self, sentinel: usize, what: &str, mut happened: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !happened(self) {
            assert!(
                start.elapsed() < PATIENCE,
                "sentinel {sentinel} must {what}; its log is:\n{}",
                self.sentinels[sentinel].log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn server(options: &SentinelOptions, master: Option<u16>) -> RedisServer {
    let mut arguments = vec!["--repl-diskless-sync-delay".to_owned(), "0".to_owned()];
    if let Some(port) = master {
        arguments.extend(["--replicaof".to_owned(), format!("127.0.0.1 {port}")]);
    }
    if options.tls.is_some() {
        arguments.extend(["--tls-replication".to_owned(), "yes".to_owned()]);
    }
    if let Some(password) = &options.password {
        arguments.extend(["--masterauth".to_owned(), password.clone()]);
    }
    RedisServer::start_with(RedisOptions {
        password: options.password.clone(),
        tls: options.tls.clone(),
        arguments,
        ..RedisOptions::default()
    })
}

impl Sentinel {
    fn start(options: &SentinelOptions, master: u16) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the sentinel must be created");
        for _ in 0..PORTS_TRIED {
            let port = free_port();
            let text = configuration(options, port, master);
            let written = fs::write(folder.path().join("sentinel.conf"), text);
            written.expect("the sentinel's configuration must be written");
            let mut process = Process::spawn_sentinel(&folder);
            let password = options.sentinel_password.as_deref();
            if process.is_answered_as(|| process_id(&folder, password)) {
                return Self {
                    process,
                    port,
                    folder,
                };
            }
        }
        panic!("no sentinel started on any of {PORTS_TRIED} ports");
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("sentinel.log")).unwrap_or_default()
    }
}

fn configuration(options: &SentinelOptions, port: u16, master: u16) -> String {
    let ports = match options.tls {
        Some(_) => format!("port 0\ntls-port {port}\ntls-replication yes"),
        None => format!("port {port}"),
    };
    let mut lines = vec![
        ports,
        "bind 127.0.0.1".to_owned(),
        format!("unixsocket {SOCKET}"),
        "logfile sentinel.log".to_owned(),
        format!("sentinel monitor {SERVICE} 127.0.0.1 {master} 2"),
        format!(
            "sentinel down-after-milliseconds {SERVICE} {}",
            DOWN_AFTER.as_millis()
        ),
        format!("sentinel failover-timeout {SERVICE} 5000"),
    ];
    let tls = options.tls.as_ref().map(ServerTls::arguments);
    for pair in tls.unwrap_or_default().chunks(2) {
        lines.push(pair.join(" ").trim_start_matches("--").to_owned());
    }
    if let Some(password) = &options.password {
        lines.push(format!("sentinel auth-pass {SERVICE} {password}"));
    }
    if let Some(password) = &options.sentinel_password {
        lines.push(format!("requirepass {password}"));
        lines.push(format!("sentinel sentinel-pass {password}"));
    }
    lines.extend(options.lines.iter().cloned());
    lines.join("\n") + "\n"
}

fn process_id(folder: &TempDir, password: Option<&str>) -> Option<u32> {
    let answer = ask(folder, password, &["INFO", "server"])?;
    let line = answer
        .lines()
        .find_map(|line| line.strip_prefix("process_id:"));
    line?.trim().parse().ok()
}

/// Returns the raw reply of a sentinel; `None` if it is down.
fn ask(folder: &TempDir, password: Option<&str>, command: &[&str]) -> Option<String> {
    // Its port may be for TLS.
    let stream = UnixStream::connect(folder.path().join(SOCKET)).ok()?;
    stream.set_read_timeout(Some(ANSWER)).ok()?;
    ask_over(stream, password, command)
}

/// Returns the raw reply over a connection; `None` if there is none.
pub(crate) fn ask_over(
    mut stream: impl Read + Write,
    password: Option<&str>,
    command: &[&str],
) -> Option<String> {
    const END: &str = "+PONG\r\n";
    let login = password.map(|password| vec!["AUTH", password]);
    let mut text = String::new();
    // It does not know QUIT, so that the end is that of one more answer.
    for words in login.as_deref().into_iter().chain([command, &["PING"]]) {
        text += &format!("*{}\r\n", words.len());
        for word in words {
            text += &format!("${}\r\n{word}\r\n", word.len());
        }
    }
    stream.write_all(text.as_bytes()).ok()?;
    let mut answer = Vec::new();
    while !answer.ends_with(END.as_bytes()) {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).ok().filter(|length| *length > 0)?;
        answer.extend(&part[..length]);
    }
    let answer = String::from_utf8(answer).ok()?;
    let answer = answer.strip_suffix(END)?;
    let answer = match password {
        Some(_) => answer.strip_prefix("+OK\r\n")?,
        None => answer,
    };
    Some(answer.to_owned())
}

/// Returns the value of a field in an answer of names and values.
fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut words = answer.lines().filter(|line| !line.starts_with(['$', '*']));
    words.find(|word| *word == name)?;
    words.next()
}
