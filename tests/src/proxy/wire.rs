//! One connection through the proxy: two sockets that live and end together.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::{Cut, Direction};

/// How long a pump waits in a socket before it looks at the switches again.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// The two sockets. They are closed when both pumps have let go of it.
pub(super) struct Wire {
    client: TcpStream,
    server: TcpStream,
    is_cut: AtomicBool,
    has_lost: AtomicBool,
}

impl Wire {
    pub(super) fn new(client: TcpStream, server: TcpStream) -> io::Result<Self> {
        for socket in [&client, &server] {
            socket.set_nodelay(true)?;
            socket.set_read_timeout(Some(TICK))?;
            socket.set_write_timeout(Some(TICK))?;
        }
        Ok(Self {
            client,
            server,
            is_cut: AtomicBool::new(false),
            has_lost: AtomicBool::new(false),
        })
    }

    /// Where bytes of a direction come from, and where they go.
    pub(super) fn ends(&self, direction: Direction) -> (&TcpStream, &TcpStream) {
        match direction {
            Direction::ToServer => (&self.client, &self.server),
            Direction::ToClient => (&self.server, &self.client),
        }
    }

    /// Ends it; the pumps notice within a tick.
    pub(super) fn cut(&self, how: Cut) {
        if self.is_cut.swap(true, Ordering::AcqRel) {
            return;
        }
        for socket in [&self.client, &self.server] {
            // An error means that the socket is gone already.
            let _ = match how {
                // Without a word before the close, which then sends RST.
                Cut::Reset => set_socket_linger(socket, Some(Duration::ZERO))
                    .map_err(io::Error::from)
                    .and_then(|()| socket.shutdown(Shutdown::Read)),
                Cut::Finish => socket.shutdown(Shutdown::Both),
            };
        }
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Acquire)
    }

    /// Bytes of this connection were dropped.
    pub(super) fn lose(&self) {
        self.has_lost.store(true, Ordering::Release);
    }

    pub(super) fn has_lost(&self) -> bool {
        self.has_lost.load(Ordering::Acquire)
    }
}

/// Closes a socket by RST.
pub(super) fn reset(socket: TcpStream) {
    // Where that cannot be, it is closed by FIN.
    let _ = set_socket_linger(&socket, Some(Duration::ZERO));
}
