//! The thread that carries the bytes of one connection one way.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Instant;

use super::wire::{TICK, Wire};
use super::{Board, Bytes, Cut, Direction};

/// How many bytes are held in one direction; the rest waits where it comes from.
const HELD: usize = 1 << 20;

/// How many bytes are read at once.
const CHUNK: usize = 16 << 10;

/// Bytes on their way.
struct Chunk {
    due: Instant,
    bytes: Vec<u8>,
}

struct Pump<'a> {
    board: &'a Board,
    wire: &'a Wire,
    direction: Direction,
    queue: VecDeque<Chunk>,
    held: usize,
    /// Where the bytes come from has no more.
    is_at_end: bool,
}

/// Carries bytes until there are no more, or the connection is cut.
pub(super) fn run(board: &Board, wire: &Wire, direction: Direction) {
    let mut pump = Pump {
        board,
        wire,
        direction,
        queue: VecDeque::new(),
        held: 0,
        is_at_end: false,
    };
    let (_, to) = wire.ends(direction);
    let mut buffer = vec![0; CHUNK];
    let outcome = loop {
        if wire.is_cut() {
            break Ok(());
        }
        match pump.step(&mut buffer) {
            Ok(true) => {}
            Ok(false) => break to.shutdown(Shutdown::Write),
            Err(error) => break Err(error),
        }
    };
    if outcome.is_err() {
        wire.cut(Cut::Reset);
    }
}

impl Pump<'_> {
    /// Forwards what is due, then waits for more for no longer than a tick; `false` at the end.
    fn step(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let is_open = self.forward()?;
        if is_open && self.is_at_end && self.queue.is_empty() {
            return Ok(false);
        }
        let until_due = self.queue.front().filter(|_| is_open);
        let wait = until_due.map_or(TICK, |chunk| {
            chunk.due.saturating_duration_since(Instant::now())
        });
        if self.is_at_end || self.held >= HELD {
            thread::sleep(wait.min(TICK));
            return Ok(true);
        }
        let (from, _) = self.wire.ends(self.direction);
        if !wait.is_zero() {
            from.set_read_timeout(Some(wait.min(TICK)))?;
        }
        self.take(from, buffer)?;
        Ok(true)
    }

    fn take(&mut self, mut from: &TcpStream, buffer: &mut [u8]) -> io::Result<()> {
        let length = match from.read(buffer) {
            Ok(0) => {
                self.is_at_end = true;
                return Ok(());
            }
            Ok(length) => length,
            Err(error) if is_patience(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        let faults = self.board.faults();
        if faults.half_open == Some(Bytes::Dropped) {
            self.wire.lose();
            return Ok(());
        }
        let delay = match self.direction {
            Direction::ToServer => faults.delay_to_server,
            Direction::ToClient => faults.delay_to_client,
        };
        self.held += length;
        self.queue.push_back(Chunk {
            due: Instant::now() + delay,
            bytes: buffer[..length].to_vec(),
        });
        Ok(())
    }

    /// Writes what is due; `false` while the connection is half open.
    fn forward(&mut self) -> io::Result<bool> {
        let faults = self.board.faults();
        if let Some(bytes) = faults.half_open {
            if bytes == Bytes::Dropped && !self.queue.is_empty() {
                self.wire.lose();
                self.queue.clear();
                self.held = 0;
            }
            return Ok(false);
        }
        while let Some(chunk) = self.queue.front_mut() {
            if chunk.due > Instant::now() {
                break;
            }
            let written = write(self.board, self.wire, self.direction, &chunk.bytes)?;
            chunk.bytes.drain(..written);
            let is_written = chunk.bytes.is_empty();
            self.held -= written;
            if !is_written {
                break;
            }
            self.queue.pop_front();
        }
        Ok(true)
    }
}

/// Writes what may still go; cuts all connections once that was all.
fn write(board: &Board, wire: &Wire, direction: Direction, bytes: &[u8]) -> io::Result<usize> {
    let (_, to) = wire.ends(direction);
    let mut left = board.left();
    let more = match &mut *left {
        Some((way, more)) if *way == direction => more,
        _ => {
            drop(left);
            return write_some(to, bytes);
        }
    };
    let written = write_some(to, &bytes[..bytes.len().min(*more)])?;
    *more -= written;
    if *more == 0 {
        *left = None;
        drop(left);
        board.cut_all(Cut::Finish);
    }
    Ok(written)
}

fn write_some(mut to: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match to.write(bytes) {
        Err(error) if is_patience(&error) => Ok(0),
        outcome => outcome,
    }
}

/// Returns whether an error only says that nothing came within a tick.
fn is_patience(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
