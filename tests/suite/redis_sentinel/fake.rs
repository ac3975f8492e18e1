//! A sentinel that says what a test wants, in the older protocol, and tells nothing unasked.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Ends when its value does; a connection that is open until then ends at its next question.
pub(super) struct FakeSentinel {
    port: u16,
    named: Arc<Mutex<Option<u16>>>,
}

impl FakeSentinel {
    /// One that names the server on a port as the master of every service.
    pub(super) fn naming(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("the listener has a port");
        let named = Arc::new(Mutex::new(Some(port)));
        let answered = named.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if answered.lock().unwrap().is_none() {
                    return;
                }
                let answered = answered.clone();
                thread::spawn(move || answer(stream, &answered));
            }
        });
        Self {
            port: address.port(),
            named,
        }
    }

    pub(super) fn name(&self, port: u16) {
        *self.named.lock().unwrap() = Some(port);
    }

    pub(super) fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/any", self.port)
    }
}

impl Drop for FakeSentinel {
    fn drop(&mut self) {
        *self.named.lock().unwrap() = None;
        // It waits for somebody to come.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

fn answer(mut stream: TcpStream, named: &Mutex<Option<u16>>) -> Option<()> {
    let mut questions = BufReader::new(stream.try_clone().ok()?);
    loop {
        let words = question(&mut questions)?;
        let port = (*named.lock().unwrap())?.to_string();
        let answer = match words.first()?.to_ascii_uppercase().as_str() {
            "HELLO" => "-ERR unknown command `HELLO`, with args beginning with: `3`\r\n".to_owned(),
            "SENTINEL" => format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len()),
            _ => "+OK\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).ok()?;
    }
}

fn question(from: &mut impl BufRead) -> Option<Vec<String>> {
    let count = length(from)?;
    let mut words = Vec::new();
    for _ in 0..count {
        let mut word = vec![0; length(from)? + 2];
        from.read_exact(&mut word).ok()?;
        let word = String::from_utf8(word).ok()?;
        words.push(word.trim_end().to_owned());
    }
    Some(words)
}

fn length(from: &mut impl BufRead) -> Option<usize> {
    let mut line = String::new();
    from.read_line(&mut line).ok()?;
    line.get(1..)?.trim_end().parse().ok()
}
