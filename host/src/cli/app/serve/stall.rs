//! A stream that gives up on a client that does not read its response, and that closes such that
//! the client can read the end of it.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::connections::Activity;

/// How long a client may take to close after this side has closed.
const LINGER: Duration = Duration::from_secs(1);

/// A stream whose writes fail if none of them progresses for a while.
///
/// After its end has been written, it reads and discards until the client has closed. Bytes that
/// arrive and are not read would reset the connection, and with it the last response.
pub(super) struct Stalling<S> {
    stream: S,
    patience: Duration,
    activity: Arc<Activity>,
    /// Runs while a write waits.
    stall: Option<Pin<Box<Sleep>>>,
    /// Runs after the end has been written.
    linger: Option<Pin<Box<Sleep>>>,
}

impl<S> Stalling<S> {
    pub(super) fn new(stream: S, patience: Duration, activity: Arc<Activity>) -> Self {
        Self {
            stream,
            patience,
            activity,
            stall: None,
            linger: None,
        }
    }

    /// Converts the outcome of an attempt to write.
    fn attempt<T>(
        &mut self,
        cx: &mut Context<'_>,
        attempt: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if attempt.is_ready() {
            self.stall = None;
            return attempt;
        }
        let patience = self.patience;
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stall.as_mut().poll(cx));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> Stalling<S> {
    /// Reads until the client has closed, or its time is over.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let linger = self.linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut bytes = [0; 1024];
        while linger.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut bytes);
            // An error, too, means that the client is gone.
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stalling<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.on_bytes();
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stalling<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.attempt(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.attempt(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.attempt(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
            ready!(self.attempt(cx, shut))?;
        }
        self.linger(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    fn stalling<S>(stream: S, patience: Duration) -> Stalling<S> {
        Stalling::new(stream, patience, Arc::new(Activity::new()))
    }

    #[tokio::test]
    async fn shutdown_reads_what_still_comes_until_the_client_has_closed() {
        let (server, mut client) = duplex(8);
        let mut server = stalling(server, Duration::from_secs(60));
        let closing = tokio::spawn(async move { server.shutdown().await });
        let mut received = Vec::new();
        client
            .read_to_end(&mut received)
            .await
            .expect("its end must come");
        client
            .write_all(b"more than there is room for")
            .await
            .expect("it must be read");
        drop(client);
        let closed = closing.await.expect("it must not panic");
        closed.expect("it must close");
    }

    #[tokio::test]
    async fn write_that_the_client_does_not_read_fails_after_a_while() {
        let (server, _client) = duplex(1);
        let mut server = stalling(server, Duration::from_millis(1));
        server.write_all(b"1").await.expect("there is room for it");
        let error = server.write_all(b"2").await.expect_err("there is no more");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn write_that_gets_on_does_not_fail() {
        let (server, mut client) = duplex(1);
        let mut server = stalling(server, Duration::from_secs(60));
        let write = async {
            server
                .write_all(b"many bytes")
                .await
                .expect("all are taken");
            drop(server);
        };
        let mut taken = String::new();
        let (_, read) = tokio::join!(write, client.read_to_string(&mut taken));
        read.expect("they must come");
        assert_eq!(taken, "many bytes");
    }
}
