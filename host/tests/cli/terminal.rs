//! The binary at a terminal: what it shows, and what Ctrl-C does.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::openpty;

use crate::program::Program;
use crate::signals;

/// The timeout of a wait in a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary at a terminal of its own.
struct Terminal {
    child: Child,
    keyboard: File,
    output: Receiver<Vec<u8>>,
    /// Output that no wait has consumed yet.
    shown: Vec<u8>,
}

impl Terminal {
    fn start(program: &Program, words: &[&str]) -> Self {
        let pair = openpty(None, None).expect("a terminal must open");
        let side = || pair.slave.try_clone().expect("a descriptor must be copied");
        let child = program
            .command()
            .args(words)
            .env("TERM", "xterm")
            .stdin(Stdio::from(side()))
            .stdout(Stdio::from(side()))
            .stderr(Stdio::from(side()))
            .spawn()
            .expect("the binary must start");
        drop(pair.slave);
        let keyboard = File::from(pair.master);
        let mut screen = keyboard.try_clone().expect("a descriptor must be copied");
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // On Linux the end is an error.
            while let Ok(length @ 1..) = screen.read(&mut bytes) {
                if sender.send(bytes[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keyboard,
            output,
            shown: Vec::new(),
        }
    }

    fn press(&mut self, keys: &str) {
        let pressed = self.keyboard.write_all(keys.as_bytes());
        pressed.expect("the terminal must take keys");
    }

    /// Waits until this is shown, and forgets what was shown so far.
    fn wait_for(&mut self, text: &str) {
        if !self.shows_within(PATIENCE, text) {
            let shown = String::from_utf8_lossy(&self.shown);
            panic!("{text:?} must be shown, but: {shown:?}");
        }
    }

    /// Returns whether this is shown in time, and clears the output so far.
    fn shows_within(&mut self, time: Duration, text: &str) -> bool {
        let start = Instant::now();
        loop {
            let mut places = self.shown.windows(text.len());
            if let Some(at) = places.position(|shown| shown == text.as_bytes()) {
                self.shown.drain(..at + text.len());
                return true;
            }
            match self
                .output
                .recv_timeout(time.saturating_sub(start.elapsed()))
            {
                Ok(bytes) => self.shown.extend(bytes),
                Err(_) => return false,
            }
        }
    }

    /// Waits for the end; its exit code, and all that was shown and not yet waited for.
    fn end(mut self) -> (Option<i32>, String) {
        let start = Instant::now();
        loop {
            match self
                .output
                .recv_timeout(PATIENCE.saturating_sub(start.elapsed()))
            {
                Ok(bytes) => self.shown.extend(bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it must end: {:?}", self.shown),
            }
        }
        let status = self.child.wait().expect("it must end");
        let shown = String::from_utf8_lossy(&self.shown).into_owned();
        (status.code(), shown)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended, if the test was passed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn output_to_a_terminal_has_no_control_characters_and_to_a_pipe_every_byte() {
    let program = Program::new();
    let value = "red \x1b[31m\x07\r\u{9b}2J\ttab\nline";
    program.done(&["set", "clear\x1b[2J\nkey", value]);
    let escaped = "red \\x1b[31m\\a\\r\\xc2\\x9b2J\ttab\r\nline\r\n";
    for (words, shown) in [
        (&["get", "clear\x1b[2J\nkey"][..], escaped),
        (&["mget", "clear\x1b[2J\nkey"], escaped),
        (&["keys"], "clear\\x1b[2J\\nkey\r\n"),
        (&["keys", "--quote"], "\"clear\\x1b[2J\\nkey\"\r\n"),
    ] {
        let (code, told) = Terminal::start(&program, words).end();
        assert_eq!(
            (code, &*without_tabs(&told)),
            (Some(0), &*without_tabs(shown)),
            "{words:?}"
        );
    }
    let (_, told) = Terminal::start(&program, &["--json", "get", "clear\x1b[2J\nkey"]).end();
    assert!(!told.trim_end().contains(char::is_control), "{told:?}");
    let (code, told) =
        Terminal::start(&program, &["--type", "integer", "get", "clear\x1b[2J\nkey"]).end();
    assert_eq!(code, Some(4), "{told:?}");
    assert!(!told.trim_end().contains(char::is_control), "{told:?}");

    assert_eq!(
        program.done(&["get", "clear\x1b[2J\nkey"]),
        format!("{value}\n")
    );
    assert_eq!(program.done(&["keys"]), "clear\x1b[2J\nkey\n");
}

/// Expands tabs, which a terminal may show as spaces.
fn without_tabs(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn ctrl_c_during_a_command_ends_it_and_neither_the_shell_nor_its_history() {
    let program = Program::with_backend("memory:");
    let mut shell = Terminal::start(&program, &["shell"]);
    shell.wait_for("flipcache> ");
    shell.press("set k v\r");
    shell.wait_for("flipcache> ");
    shell.press("sleep 1000000\r");
    shell.wait_for("sleep 1000000");
    let start = Instant::now();
    // The command may not run yet, and a press before it does not count.
    while !shell.shows_within(Duration::from_millis(100), "interrupted") {
        assert!(start.elapsed() < PATIENCE, "the command must end");
        signals::send(&shell.child, "-INT");
    }
    shell.wait_for("flipcache> ");
    shell.press("get k\r");
    shell.wait_for("\nv\r\n");
    shell.wait_for("flipcache> ");
    shell.press("nonsense\r");
    shell.wait_for("unknown command");
    shell.wait_for("flipcache> ");
    shell.press("exit\r");
    assert_eq!(shell.end().0, Some(0), "at a terminal errors were seen");
    assert!(history(&program).contains("sleep 1000000\nget k\n"));
}

#[test]
fn history_outlives_a_shell_that_is_killed() {
    let program = Program::with_backend("memory:");
    let mut shell = Terminal::start(&program, &["shell"]);
    shell.wait_for("flipcache> ");
    shell.press("len\r");
    shell.wait_for("\n0\r\n");
    signals::send(&shell.child, "-TERM");
    shell.end();
    assert!(history(&program).contains("len\n"));
}

fn history(program: &Program) -> String {
    let file = program.home().join("flipcache/history");
    std::fs::read_to_string(file).expect("the history must be there")
}
