//! Runs the binary, in a data directory of its own.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The binary with what its user has set up.
pub(crate) struct Program {
    home: TempDir,
    backend: Option<String>,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Outcome {
    /// Standard output as text.
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.out).expect("the output must be text")
    }
}

impl Program {
    /// With no backend named: the embedded default.
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder for the user's data must be created");
        Self {
            home,
            backend: None,
        }
    }

    pub(crate) fn with_backend(url: &str) -> Self {
        let backend = Some(url.to_owned());
        Self {
            backend,
            ..Self::new()
        }
    }

    /// Returns the user's data directory.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn command(&self) -> Command {
        #[cfg(unix)]
        crate::signals::restore_interrupt();
        let mut command = Command::new(env!("CARGO_BIN_EXE_flipcache"));
        command
            .env_remove("FLIPCACHE_BACKEND")
            .env_remove("FLIPCACHE_CODE_CACHE")
            .env_remove("FLIPCACHE_LOG")
            .env_remove("XDG_CACHE_HOME");
        for variable in [
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        ] {
            command.env_remove(variable);
        }
        command
            .env("HOME", self.home())
            .env("XDG_DATA_HOME", self.home());
        if let Some(backend) = &self.backend {
            command.env("FLIPCACHE_BACKEND", backend);
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Outcome {
        self.run_with_input(words, b"")
    }

    pub(crate) fn run_with_input(&self, words: &[&str], input: &[u8]) -> Outcome {
        Self::finish(self.command().args(words), input)
    }

    /// Runs a command to its end.
    pub(crate) fn finish(command: &mut Command, input: &[u8]) -> Outcome {
        let mut child = command.spawn().expect("the binary must start");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        // It may not want its input; what it says of that is in the outcome.
        let _ = stdin.write_all(input);
        drop(stdin);
        let output = child.wait_with_output().expect("the binary must end");
        Outcome {
            code: output.status.code().expect("no signal must end it"),
            out: output.stdout,
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that must succeed. Returns its output as text.
    #[track_caller]
    pub(crate) fn done(&self, words: &[&str]) -> String {
        let outcome = self.run(words);
        assert_eq!(outcome.code, 0, "{words:?}: {outcome:?}");
        assert_eq!(outcome.err, "", "{words:?} must not complain");
        outcome.text().to_owned()
    }
}
