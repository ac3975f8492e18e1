//! How many keys there are, from a server whose `SCAN` repeats itself.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use flipcache::Options;

use crate::component::world::over;
use crate::stores::connect;

/// Q22.
#[test]
fn len_key_that_scan_repeats_is_counted_once() {
    let runtime = flipcache::io::runtime().expect("a runtime must start");
    let _entered = runtime.enter();
    let cache = over(connect(&repeating_server()))
        .open("n", Options::default())
        .expect("it must open");
    assert_eq!(cache.len().expect("the server must reply"), 2);
}

/// A server that lists two keys on two pages, one of them on both. Its threads end with the
/// connections.
fn repeating_server() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port must be free");
    let address = listener.local_addr().expect("a listener has an address");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(stream));
        }
    });
    format!("redis://{address}")
}

fn serve(mut stream: TcpStream) {
    let copy = stream.try_clone().expect("a socket can be shared");
    let mut commands = BufReader::new(copy);
    while let Some(command) = command(&mut commands) {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let reply = match words.as_slice() {
            ["HELLO", ..] => "-ERR unknown command 'HELLO'\r\n",
            ["SCAN", "0", ..] => "*2\r\n$1\r\n7\r\n*2\r\n$3\r\nn:a\r\n$3\r\nn:b\r\n",
            ["SCAN", "7", ..] => "*2\r\n$1\r\n0\r\n*1\r\n$3\r\nn:a\r\n",
            _ => "+OK\r\n",
        };
        if stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}

/// Returns the words of the next command; `None` at the end of the connection.
fn command(commands: &mut impl BufRead) -> Option<Vec<String>> {
    (0..number(commands, '*')?)
        .map(|_| {
            let mut word = vec![0; number(commands, '$')?];
            commands.read_exact(&mut word).ok()?;
            // What ends the word.
            commands.read_exact(&mut [0; 2]).ok()?;
            String::from_utf8(word).ok()
        })
        .collect()
}

/// Parses a line of the protocol into its type and a number.
fn number(commands: &mut impl BufRead, kind: char) -> Option<usize> {
    let mut line = String::new();
    commands.read_line(&mut line).ok()?;
    line.trim_end().strip_prefix(kind)?.parse().ok()
}
