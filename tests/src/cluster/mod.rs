//! A Redis Cluster for one test: three masters and a replica of each, on free ports of the loopback
//! interface.

mod migration;

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::redis_server::{RedisOptions, RedisServer, ServerTls, free_port};
use crate::sentinels::ask_over;

/// How many masters there are at the start. Node `n + MASTERS` is the replica of node `n`.
pub const MASTERS: usize = 3;

/// How many slots there are.
const SLOTS: usize = 16_384;

/// How long the nodes may take to find each other, or to agree about something.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long one of them may take to answer.
const ANSWER: Duration = Duration::from_secs(1);

/// What the nodes are like.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The password of all nodes.
    pub password: Option<String>,
    /// How they speak TLS to clients and to each other.
    pub tls: Option<ServerTls>,
    /// How long a node may be silent before the others take it to be down.
    pub node_timeout: Duration,
    /// Whether there are replicas.
    pub has_replicas: bool,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            password: None,
            tls: None,
            node_timeout: Duration::from_secs(5),
            has_replicas: true,
        }
    }
}

/// The nodes of a cluster.
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
    ids: Vec<String>,
    options: ClusterOptions,
}

impl RedisCluster {
    /// Starts a cluster without a password, and waits until its nodes agree about it.
    ///
    /// # Panics
    ///
    /// If there is no `redis-server` of version 7 on the PATH, or if the nodes do not find each
    /// other.
    pub fn start() -> Self {
        Self::start_with(ClusterOptions::default())
    }

    /// As [`start`](Self::start), with options.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn start_with(options: ClusterOptions) -> Self {
        let amount = match options.has_replicas {
            true => 2 * MASTERS,
            false => MASTERS,
        };
        let mut cluster = Self {
            nodes: (0..amount).map(|_| node(&options)).collect(),
            ids: Vec::new(),
            options,
        };
        let ids = (0..amount).map(|node| cluster.line(node, &["CLUSTER", "MYID"]));
        cluster.ids = ids.collect();
        cluster.join(0..amount);
        for master in 0..MASTERS {
            let [first, last] = [master, master + 1].map(|part| part * SLOTS / MASTERS);
            let (first, last) = (first.to_string(), (last - 1).to_string());
            cluster.tell(master, &["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
        }
        cluster.wait_for_all("know all others", |cluster, node| {
            let known = format!("cluster_known_nodes:{amount}");
            cluster.says(node, &["CLUSTER", "INFO"], &known)
        });
        for replica in MASTERS..amount {
            let master = cluster.ids[replica - MASTERS].clone();
            cluster.tell(replica, &["CLUSTER", "REPLICATE", &master]);
        }
        cluster.wait_until_agreed(amount - MASTERS);
        cluster
    }

    /// Adds a master without slots. Returns its index.
    ///
    /// # Panics
    ///
    /// If the others do not take it.
    pub fn add_master(&mut self) -> usize {
        let added = self.nodes.len();
        self.nodes.push(node(&self.options));
        let id = self.line(added, &["CLUSTER", "MYID"]);
        self.ids.push(id);
        self.join([0, added]);
        let known = format!("cluster_known_nodes:{}", self.nodes.len());
        self.wait_for_all("know the new one", |cluster, node| {
            let question = ["CLUSTER", "INFO"];
            cluster.says(node, &question, &known)
                && cluster.says(node, &question, "cluster_state:ok")
        });
        added
    }

    /// Returns the URL for clients, with the password.
    pub fn url(&self) -> String {
        let ports = self.nodes.iter().map(RedisServer::port);
        self.url_of(ports)
    }

    /// Returns the URL with one node only.
    pub fn url_by(&self, node: usize) -> String {
        self.url_of([self.nodes[node].port()])
    }

    fn url_of(&self, ports: impl IntoIterator<Item = u16>) -> String {
        let hosts: Vec<_> = ports
            .into_iter()
            .map(|port| format!("127.0.0.1:{port}"))
            .collect();
        let scheme = match self.options.tls {
            Some(_) => "rediss",
            None => "redis",
        };
        let user = match &self.options.password {
            Some(password) => format!(":{password}@"),
            None => String::new(),
        };
        format!("{scheme}+cluster://{user}{}", hosts.join(","))
    }

    /// Returns the nodes; the first [`MASTERS`] were masters at the start.
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// Returns a node's own name.
    pub fn id(&self, node: usize) -> &str {
        &self.ids[node]
    }

    /// Returns the slot of a key, as Redis computes it.
    pub fn slot(&self, key: &str) -> usize {
        let answers =
            (0..self.nodes.len()).map(|node| self.line(node, &["CLUSTER", "KEYSLOT", key]));
        let mut slots = answers.filter_map(|answer| answer.parse().ok());
        slots.next().expect("some node must say which slot it is")
    }

    /// Returns which node a node says has a slot; `None` if it says so of none.
    pub fn owner_by(&self, node: usize, slot: usize) -> Option<usize> {
        let view = self.ask(node, &["CLUSTER", "NODES"])?;
        view.lines().find_map(|line| {
            let mut words = line.split(' ');
            let id = words.next()?;
            let has = words.skip(7).any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let first = first.parse().unwrap_or(usize::MAX);
                first <= slot && last.parse().is_ok_and(|last: usize| slot <= last)
            });
            let known = self.ids.iter().position(|known| known == id);
            known.filter(|_| has)
        })
    }

    /// Returns the master of a key, as the first node that replies reports it.
    ///
    /// # Panics
    ///
    /// If none says so.
    pub fn owner(&self, key: &str) -> usize {
        let slot = self.slot(key);
        let owner = (0..self.nodes.len()).find_map(|node| self.owner_by(node, slot));
        owner.expect("some node must know who has the slot")
    }

    /// Has a replica take the place of its master, with its consent, and waits until the replica
    /// says that it has.
    ///
    /// # Panics
    ///
    /// If that does not happen.
    pub fn fail_over_to(&self, replica: usize) {
        for _ in 0..3 {
            self.wait(replica, "follow its master", |cluster| {
                let question = ["INFO", "replication"];
                cluster.says(replica, &question, "master_link_status:up")
            });
            self.tell(replica, &["CLUSTER", "FAILOVER"]);
            // An attempt that takes longer has failed: the two may not have known each other yet.
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(6) {
                if self.says(replica, &["ROLE"], "master") {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        self.wait_for_master(replica);
    }

    /// Waits until a node says that it is a master.
    ///
    /// # Panics
    ///
    /// If that does not happen.
    pub fn wait_for_master(&self, node: usize) {
        self.wait(node, "become a master", |cluster| {
            cluster.says(node, &["ROLE"], "master")
        });
    }

    /// Ends a node at once.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].kill();
    }

    /// Starts a node again.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn restart(&mut self, node: usize) {
        self.nodes[node].restart_on_same_port();
    }

    /// Empties all masters, as the nodes themselves see it.
    pub fn flush(&self) {
        for node in 0..self.nodes.len() {
            // A replica refuses.
            self.ask(node, &["FLUSHALL"]);
        }
    }

    /// Tells a node something that it must accept.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn tell(&self, node: usize, command: &[&str]) {
        let answer = self.ask(node, command).unwrap_or_default();
        assert!(
            answer.starts_with("+OK"),
            "{command:?} at node {node} must be accepted: {answer}"
        );
    }

    fn join(&self, nodes: impl IntoIterator<Item = usize>) {
        let mut nodes = nodes.into_iter();
        let first = nodes.next().expect("there is another node");
        for node in nodes {
            let port = self.nodes[node].port().to_string();
            let bus = self.bus_port(node);
            self.tell(first, &["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
    }

    fn bus_port(&self, node: usize) -> String {
        let answer = self.ask(node, &["CONFIG", "GET", "cluster-port"]);
        let answer = answer.unwrap_or_default();
        let port = answer.lines().last().unwrap_or_default();
        port.to_owned()
    }

    fn wait_until_agreed(&self, replicas: usize) {
        self.wait_for_all("agree about the cluster", |cluster, node| {
            let view = cluster.ask(node, &["CLUSTER", "NODES"]).unwrap_or_default();
            let role = cluster.ask(node, &["INFO", "replication"]);
            let role = role.unwrap_or_default();
            let follows = node < MASTERS || role.contains("master_link_status:up");
            let followed = node >= MASTERS || replicas == 0 || role.contains("connected_slaves:1");
            follows
                && followed
                && view.matches(" connected").count() == cluster.nodes.len()
                && view.matches("slave ").count() == replicas
                && cluster.says(node, &["CLUSTER", "INFO"], "cluster_state:ok")
        });
    }

    fn wait_for_all(&self, what: &str, happened: impl Fn(&Self, usize) -> bool) {
        for node in 0..self.nodes.len() {
            self.wait(node, what, |cluster| happened(cluster, node));
        }
    }

    fn wait(&self, node: usize, what: &str, happened: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !happened(self) {
            assert!(
                start.elapsed() < PATIENCE,
                "node {node} must {what}; it says:\n{}",
                self.ask(node, &["CLUSTER", "NODES"]).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn says(&self, node: usize, command: &[&str], words: &str) -> bool {
        let answer = self.ask(node, command);
        answer.is_some_and(|answer| answer.contains(words))
    }

    /// Returns the last line of an answer.
    fn line(&self, node: usize, command: &[&str]) -> String {
        let answer = self.ask(node, command).unwrap_or_default();
        let line = answer.lines().last().unwrap_or_default();
        line.trim_start_matches(':').to_owned()
    }

    /// Returns the raw reply of a node; `None` if the node is down.
    fn ask(&self, node: usize, command: &[&str]) -> Option<String> {
        let server = &self.nodes[node];
        let password = self.options.password.as_deref();
        // The socket, because the port may be for TLS.
        let stream = UnixStream::connect(server.socket()).ok()?;
        stream.set_read_timeout(Some(ANSWER)).ok()?;
        ask_over(stream, password, command)
    }
}

fn node(options: &ClusterOptions) -> RedisServer {
    let timeout = options.node_timeout.as_millis().to_string();
    let bus = free_port().to_string();
    let mut arguments = vec![
        ["--cluster-enabled", "yes"],
        ["--cluster-port", &bus],
        ["--cluster-node-timeout", &timeout],
        ["--cluster-replica-validity-factor", "0"],
        ["--cluster-allow-replica-migration", "no"],
        ["--repl-diskless-sync-delay", "0"],
    ];
    if let Some(password) = &options.password {
        arguments.push(["--masterauth", password]);
    }
    if options.tls.is_some() {
        arguments.push(["--tls-cluster", "yes"]);
        arguments.push(["--tls-replication", "yes"]);
    }
    RedisServer::start_with(RedisOptions {
        password: options.password.clone(),
        tls: options.tls.clone(),
        arguments: arguments.concat().into_iter().map(str::to_owned).collect(),
        ..RedisOptions::default()
    })
}
