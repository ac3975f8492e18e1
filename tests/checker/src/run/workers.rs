//! The processes of the cache, and the commands to them.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::plan::{Plan, Profile};

/// How long a process may take to start.
const START: Duration = Duration::from_secs(60);

/// All processes; they are killed on drop.
pub(super) struct Workers(Vec<Worker>);

struct Worker {
    child: Child,
    replies: Receiver<String>,
}

impl Workers {
    /// Starts the processes, and waits until they are ready.
    pub(super) fn start(plan: &Plan, program: &Path, folder: &Path, url: &str) -> Result<Self> {
        let workers = (0..plan.workers).map(|number| {
            let process = format!("w{number}");
            let history = folder.join(&process).with_extension("jsonl");
            let seed = plan.seed ^ u64::from(number + 1).rotate_left(48);
            let mut command = Command::new(program);
            command
                .args(["worker", "--process", &process, "--url", url])
                .args(["--seed", &seed.to_string()])
                .args(["--threads", &plan.threads.to_string()])
                .args(["--keys", &plan.keys.to_string()])
                .args(["--local-max", &plan.local_max.to_string()])
                .args([
                    "--stale-on-error-ms",
                    &plan.limits.stale_window_ms.to_string(),
                ])
                .args(["--deadline-ms", &plan.limits.deadline_ms.to_string()])
                .arg("--history")
                .arg(history);
            command
                .args(["--staleness-bound-ms", &plan.staleness_bound_ms.to_string()])
                .args((plan.profile == Profile::Untracked).then_some("--untracked"));
            if plan.profile == Profile::Racing {
                command.arg("--racing");
            } else if plan.workers + plan.external_writers > 1 {
                command.args(["--spares", &number.to_string()]);
            }
            command.args(plan.siblings.then_some("--siblings"));
            command.args(plan.component.then_some("--component"));
            Worker::start(&mut command)
        });
        let workers = Self(workers.collect::<Result<_>>()?);
        for worker in &workers.0 {
            ensure!(worker.reply(START)? == "ready", "a process must start");
        }
        Ok(workers)
    }

    /// Sends a command to all processes, and waits for the replies. Returns `false` if one failed.
    pub(super) fn all(&mut self, what: &str, patience: Duration) -> Result<bool> {
        for worker in &mut self.0 {
            worker.send(what)?;
        }
        let mut all = true;
        for worker in &self.0 {
            let reply = worker.reply(patience);
            all &= reply.with_context(|| format!("a process must {what}"))? == "done";
        }
        Ok(all)
    }

    /// Sends a command to one process, and waits for its reply.
    pub(super) fn one(&mut self, number: usize, what: &str, patience: Duration) -> Result<bool> {
        let worker = &mut self.0[number];
        worker.send(what)?;
        let reply = worker.reply(patience);
        Ok(reply.with_context(|| format!("a process must {what}"))? == "done")
    }

    pub(super) fn signal(&self, number: u32, signal: Signal) -> Result<()> {
        let worker = usize::try_from(number).ok().and_then(|at| self.0.get(at));
        let worker = worker.context("there is no such process")?;
        let id = Pid::from_child(&worker.child);
        kill_process(id, signal).context("a process must get its signal")
    }

    /// Closes the standard input of all processes, and waits until they exit.
    pub(super) fn end(mut self, patience: Duration) -> Result<()> {
        for worker in &mut self.0 {
            drop(worker.child.stdin.take());
        }
        let end = Instant::now() + patience;
        for worker in &mut self.0 {
            let status = loop {
                match worker.child.try_wait()? {
                    Some(status) => break status,
                    None if Instant::now() > end => bail!("a process must exit"),
                    None => thread::sleep(Duration::from_millis(2)),
                }
            };
            ensure!(
                status.success(),
                "a process must exit successfully: {status}"
            );
        }
        Ok(())
    }
}

impl Worker {
    fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.context("a process must start")?;
        let stdout = child.stdout.take().context("its output is a pipe")?;
        let (sender, replies) = mpsc::channel();
        // The thread ends with the process.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, replies })
    }

    fn send(&mut self, what: &str) -> Result<()> {
        let stdin = self.child.stdin.as_mut().context("its input is a pipe")?;
        writeln!(stdin, "{what}").context("a process must read its input")
    }

    fn reply(&self, patience: Duration) -> Result<String> {
        let reply = self.replies.recv_timeout(patience);
        reply.with_context(|| format!("no reply within {patience:?}"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // SIGKILL ends a stopped process, too. An error means that it has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
