//! A TCP proxy on the loopback interface that injects network faults while it runs.
//!
//! # Layout
//!
//! This file is the switchboard and the door; `wire` is one connection with its two ends, `pump`
//! the thread that carries bytes from one end to the other.
//!
//! Everything is bounded: connections, the bytes that are held in each direction, and how long a
//! switch takes to count. What it does not do: lose or reorder single packets, which TCP hides from
//! programs.

mod pump;
mod wire;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wire::Wire;

/// How many connections there may be at once; more are reset.
const CONNECTIONS: usize = 256;

/// How long connecting to the server may take.
const CONNECT: Duration = Duration::from_secs(2);

/// A proxy in front of a port. It ends with its value, and its connections with it.
pub struct Proxy {
    port: u16,
    board: Arc<Board>,
    acceptor: Option<JoinHandle<()>>,
}

/// How connections end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// By RST: both ends get an error at once.
    Reset,
    /// By FIN: both ends read to the end, as if the other had closed.
    Finish,
}

/// What becomes of bytes that come while connections are half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// They are kept, up to a mebibyte a direction, and forwarded by [`Proxy::heal`].
    Held,
    /// They are lost. [`Proxy::heal`] cuts the connections that lost some, as no network brings a
    /// stream with a hole.
    Dropped,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From who connected to the server.
    ToServer,
    /// From the server to who connected.
    ToClient,
}

/// The switches, and what they act on. Locks are taken in the order of the fields.
struct Board {
    upstream: u16,
    /// Pumps hold it while they forward: a switch counts from when it returns.
    faults: RwLock<Faults>,
    /// How many bytes may still go a way before all is cut.
    left: Mutex<Option<(Direction, usize)>>,
    links: Mutex<Vec<Link>>,
    is_ending: AtomicBool,
}

/// What is wrong with the network.
#[derive(Clone, Copy, Default)]
struct Faults {
    delay_to_server: Duration,
    delay_to_client: Duration,
    refuses: bool,
    half_open: Option<Bytes>,
}

/// A connection as the board knows it: the pumps alone keep it open.
struct Link {
    wire: Weak<Wire>,
    pumps: [JoinHandle<()>; 2],
}

impl Proxy {
    /// Starts on a free port, in front of `upstream`, a port of the loopback interface. Nothing
    /// need listen there yet: until something does, connections are reset.
    ///
    /// # Panics
    ///
    /// If the system has no port or no thread for it.
    pub fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.expect("a free port of the loopback interface must be found");
        let address = listener.local_addr().expect("a listener has an address");
        let board = Arc::new(Board {
            upstream,
            faults: RwLock::default(),
            left: Mutex::new(None),
            links: Mutex::default(),
            is_ending: AtomicBool::new(false),
        });
        let acceptor = thread::Builder::new().name("proxy".to_owned()).spawn({
            let board = Arc::clone(&board);
            move || board.accept(&listener)
        });
        Self {
            port: address.port(),
            board,
            acceptor: Some(acceptor.expect("the proxy needs a thread")),
        }
    }

    /// Returns the port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns how many connections go through it now.
    pub fn connections(&self) -> usize {
        let links = self.board.links();
        links
            .iter()
            .filter(|link| link.wire.strong_count() > 0)
            .count()
    }

    /// Lets bytes that come from now on take so long, each way.
    pub fn delay(&self, to_server: Duration, to_client: Duration) {
        let mut faults = self.board.faults_mut();
        faults.delay_to_server = to_server;
        faults.delay_to_client = to_client;
    }

    /// Cuts all connections, and waits until they are. What was held for them is lost.
    pub fn cut(&self, how: Cut) {
        self.board.cut_all(how);
        let links = std::mem::take(&mut *self.board.links());
        for pump in links.into_iter().flat_map(|link| link.pumps) {
            // A pump that panicked has closed its connection as well.
            let _ = pump.join();
        }
    }

    /// Resets all new connections. (A closed port could be taken by another process.)
    pub fn refuse(&self) {
        self.board.faults_mut().refuses = true;
    }

    /// Leaves all connections open, new ones too, and forwards nothing either way.
    pub fn half_open(&self, bytes: Bytes) {
        self.board.faults_mut().half_open = Some(bytes);
    }

    /// Forwards so many bytes more that way, all connections taken together, then cuts them all by
    /// FIN. That happens once; who connects after it is let through.
    pub fn drop_after(&self, direction: Direction, bytes: usize) {
        *self.board.left() = Some((direction, bytes));
    }

    /// Ends all faults.
    pub fn heal(&self) {
        let mut faults = self.board.faults_mut();
        *faults = Faults::default();
        *self.board.left() = None;
        let links = self.board.links();
        for wire in links.iter().filter_map(|link| link.wire.upgrade()) {
            if wire.has_lost() {
                wire.cut(Cut::Reset);
            }
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.board.is_ending.store(true, Ordering::Release);
        // Wakes the acceptor; if this cannot connect, another client has just woken it.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        self.cut(Cut::Reset);
    }
}

impl Board {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.is_ending.load(Ordering::Acquire) {
                return;
            }
            let Ok(client) = client else { continue };
            if self.is_full() || self.faults().refuses {
                wire::reset(client);
                continue;
            }
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.upstream));
            match TcpStream::connect_timeout(&address, CONNECT) {
                // If there is no thread for them, both are closed.
                Ok(server) => drop(self.join(client, server)),
                Err(_) => wire::reset(client),
            }
        }
    }

    /// Carries bytes between the two from now on.
    fn join(self: &Arc<Self>, client: TcpStream, server: TcpStream) -> io::Result<()> {
        let wire = Arc::new(Wire::new(client, server)?);
        let pump = |direction| {
            let (board, wire) = (Arc::clone(self), Arc::clone(&wire));
            let pump = thread::Builder::new().name("proxy-pump".to_owned());
            pump.spawn(move || pump::run(&board, &wire, direction))
        };
        let to_server = pump(Direction::ToServer)?;
        let to_client = pump(Direction::ToClient).inspect_err(|_| wire.cut(Cut::Reset))?;
        self.links().push(Link {
            wire: Arc::downgrade(&wire),
            pumps: [to_server, to_client],
        });
        Ok(())
    }

    /// Returns whether the limit is reached. Removes connections that have ended.
    fn is_full(&self) -> bool {
        let mut links = self.links();
        links.retain(|link| link.wire.strong_count() > 0);
        links.len() >= CONNECTIONS
    }

    fn cut_all(&self, how: Cut) {
        for link in &*self.links() {
            if let Some(wire) = link.wire.upgrade() {
                wire.cut(how);
            }
        }
    }

    fn faults(&self) -> RwLockReadGuard<'_, Faults> {
        self.faults.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults_mut(&self) -> RwLockWriteGuard<'_, Faults> {
        self.faults.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn left(&self) -> MutexGuard<'_, Option<(Direction, usize)>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn links(&self) -> MutexGuard<'_, Vec<Link>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
