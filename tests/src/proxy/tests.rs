use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::{Bytes, Cut, Direction, Proxy};
use crate::RedisServer;

/// The timeout of a wait in a test.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long it watches that nothing comes.
const A_WHILE: Duration = Duration::from_millis(100);

/// A proxy in front of a server that sends back what it gets. Its threads end with their
/// connections.
fn before_echo() -> Proxy {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there must be a port");
    let port = listener.local_addr().expect("it has an address").port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = client.read(&mut buffer) {
                    if client.write_all(&buffer[..length]).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Proxy::start(port)
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port()));
    let stream = stream.expect("the proxy must listen");
    let bounded = stream.set_read_timeout(Some(PATIENCE));
    bounded.expect("a socket takes a timeout");
    stream
}

/// Returns what comes back for `bytes`.
fn echo(stream: &mut TcpStream, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).expect("it must be sent");
    let mut answer = vec![0; bytes.len()];
    stream.read_exact(&mut answer).expect("it must come back");
    answer
}

/// Returns how reading ends: bytes that came, and `Err` if not by the end of the stream.
fn rest(stream: &mut TcpStream) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut bytes = Vec::new();
    let outcome = stream.read_to_end(&mut bytes);
    (bytes, outcome.map(|_| ()).map_err(|error| error.kind()))
}

#[track_caller]
fn assert_silent(stream: &mut TcpStream) {
    let _ = stream.set_read_timeout(Some(A_WHILE));
    let error = stream.read(&mut [0; 1]).expect_err("nothing may come");
    let _ = stream.set_read_timeout(Some(PATIENCE));
    assert!(
        matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{error}"
    );
}

#[test]
fn forward_large_stream_arrives_unchanged() {
    let proxy = before_echo();
    let sent: Vec<u8> = (0..4 << 20_u32)
        .map(|at: u32| at.to_le_bytes()[at as usize % 3])
        .collect();
    let mut writer = connect(&proxy);
    let mut reader = writer.try_clone().expect("a socket can be cloned");
    let sending = thread::spawn({
        let sent = sent.clone();
        move || {
            writer.write_all(&sent).expect("it must be sent");
            writer.shutdown(std::net::Shutdown::Write)
        }
    });
    let (received, end) = rest(&mut reader);
    assert!(received == sent, "{} bytes came", received.len());
    assert_eq!(end, Ok(()), "the end of the stream is forwarded too");
    let _ = sending.join();
}

#[test]
fn forward_real_server_answers() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let mut stream = connect(&proxy);
    stream.write_all(b"PING\r\nQUIT\r\n").expect("it is sent");
    assert_eq!(rest(&mut stream), (b"+PONG\r\n+OK\r\n".to_vec(), Ok(())));
}

#[test]
fn start_without_a_server_resets() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    drop(server);
    let (_, end) = rest(&mut connect(&proxy));
    assert_eq!(end, Err(ErrorKind::ConnectionReset));
}

#[test]
fn delay_each_way_adds_up_and_ends_with_heal() {
    let proxy = before_echo();
    let mut stream = connect(&proxy);
    assert_eq!(echo(&mut stream, b"a"), b"a");

    proxy.delay(Duration::from_millis(80), Duration::from_millis(120));
    let start = Instant::now();
    assert_eq!(echo(&mut stream, b"b"), b"b");
    assert!(start.elapsed() >= Duration::from_millis(200));

    proxy.heal();
    let fastest = (0..20).map(|_| {
        let start = Instant::now();
        echo(&mut stream, b"c");
        start.elapsed()
    });
    assert!(fastest.min() < Some(Duration::from_millis(80)));
}

#[test]
fn cut_reset_is_an_error_and_lets_new_ones_in() {
    let proxy = before_echo();
    let mut stream = connect(&proxy);
    echo(&mut stream, b"a");
    proxy.cut(Cut::Reset);
    assert_eq!(rest(&mut stream).1, Err(ErrorKind::ConnectionReset));
    assert_eq!(proxy.connections(), 0);
    assert_eq!(echo(&mut connect(&proxy), b"b"), b"b");
}

#[test]
fn cut_finish_is_the_end_of_the_stream() {
    let proxy = before_echo();
    let mut stream = connect(&proxy);
    echo(&mut stream, b"a");
    proxy.cut(Cut::Finish);
    assert_eq!(rest(&mut stream), (vec![], Ok(())));
}

#[test]
fn refuse_keeps_old_connections_and_resets_new_ones_until_heal() {
    let proxy = before_echo();
    let mut old = connect(&proxy);
    echo(&mut old, b"a");
    proxy.refuse();
    assert_eq!(
        rest(&mut connect(&proxy)).1,
        Err(ErrorKind::ConnectionReset)
    );
    assert_eq!(echo(&mut old, b"b"), b"b");
    proxy.heal();
    assert_eq!(echo(&mut connect(&proxy), b"c"), b"c");
}

#[test]
fn half_open_held_bytes_come_with_heal() {
    let proxy = before_echo();
    let mut stream = connect(&proxy);
    echo(&mut stream, b"a");
    proxy.half_open(Bytes::Held);
    stream.write_all(b"late").expect("it is taken");
    assert_silent(&mut stream);
    proxy.heal();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).expect("it must come now");
    assert_eq!(&answer, b"late");
}

#[test]
fn half_open_dropped_bytes_never_come_and_heal_cuts_who_lost_some() {
    let proxy = before_echo();
    let mut loser = connect(&proxy);
    let mut idle = connect(&proxy);
    echo(&mut loser, b"a");
    echo(&mut idle, b"a");
    proxy.half_open(Bytes::Dropped);
    loser.write_all(b"lost").expect("it is taken");
    assert_silent(&mut loser);
    proxy.heal();
    assert_eq!(rest(&mut loser), (vec![], Err(ErrorKind::ConnectionReset)));
    assert_eq!(echo(&mut idle, b"b"), b"b");
}

#[test]
fn drop_after_cuts_in_the_middle_once() {
    let proxy = before_echo();
    let mut stream = connect(&proxy);
    echo(&mut stream, b"a");
    proxy.drop_after(Direction::ToClient, 3);
    stream.write_all(b"answer").expect("it is sent");
    let (came, _) = rest(&mut stream);
    assert_eq!(came, b"ans");
    assert_eq!(echo(&mut connect(&proxy), b"b"), b"b");
}

#[test]
fn drop_proxy_ends_its_connections_and_its_port() {
    let proxy = before_echo();
    let mut stream = connect(&proxy);
    echo(&mut stream, b"a");
    let port = proxy.port();
    drop(proxy);
    assert!(rest(&mut stream).1.is_err());
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
}
