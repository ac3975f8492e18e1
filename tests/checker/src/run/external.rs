//! Writers that do not use the cache: they write directly, and not through the proxy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use fastrand::Rng;

use super::connection::{Endpoint, ExternalConnection, Write, Written};
use crate::history::{Call, Event, Op, Outcome, Recorder};
use crate::names::{self, Values};
use crate::plan::{Plan, Profile};
use crate::time::Moment;

/// The threads of the writers.
pub(super) struct Writers {
    threads: Vec<JoinHandle<()>>,
    is_resting: Arc<AtomicBool>,
}

struct Writer {
    process: String,
    endpoint: Endpoint,
    recorder: Arc<Recorder>,
    is_resting: Arc<AtomicBool>,
    rng: Rng,
    values: Values,
    keys: u32,
    profile: Profile,
    /// Until when it writes keys of a race after their turn: while there are faults. Later writes
    /// would replace values that have become stale.
    looks_back_until: Instant,
}

impl Writers {
    pub(super) fn start(
        plan: &Plan,
        endpoint: &Endpoint,
        recorder: &Arc<Recorder>,
    ) -> Result<Self> {
        let mut writers = Self {
            threads: Vec::new(),
            is_resting: Arc::default(),
        };
        for number in 0..plan.external_writers {
            let process = format!("f{number}");
            let writer = Writer {
                endpoint: endpoint.clone(),
                recorder: Arc::clone(recorder),
                is_resting: Arc::clone(&writers.is_resting),
                rng: Rng::with_seed(plan.seed ^ u64::from(number + 1).rotate_left(40)),
                values: Values::of(&process, 0),
                keys: plan.keys,
                profile: plan.profile,
                looks_back_until: Instant::now() + Duration::from_millis(plan.millis / 2),
                process,
            };
            let thread = thread::Builder::new().name("external".to_owned());
            let thread = thread.spawn(move || writer.work());
            writers
                .threads
                .push(thread.context("a writer needs a thread")?);
        }
        Ok(writers)
    }

    /// Stops the writers.
    pub(super) fn rest(mut self) -> Result<()> {
        self.is_resting.store(true, Ordering::Release);
        let ended = self.threads.drain(..).map(JoinHandle::join);
        let ended: Result<(), _> = ended.collect();
        ended.map_err(|_| anyhow!("a writer panicked"))
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.is_resting.store(true, Ordering::Release);
    }
}

impl Writer {
    fn work(mut self) {
        let mut connection = None;
        while !self.is_resting.load(Ordering::Acquire) {
            match &mut connection {
                Some(_)
                    if self.profile == Profile::Racing
                        && names::is_left_to_processes(Moment::now()) =>
                {
                    thread::sleep(Duration::from_micros(500));
                }
                Some(connected) => {
                    if !self.write(connected) {
                        connection = None;
                    }
                    let longest = match self.profile {
                        Profile::Racing => 800,
                        // Each write empties every local tier.
                        Profile::File => 60_000,
                        _ => 6_000,
                    };
                    thread::sleep(Duration::from_micros(self.rng.u64(0..longest)));
                }
                None => connection = self.endpoint.connect(),
            }
        }
    }

    /// Writes, and records the call. Returns `false` if the connection must be replaced.
    fn write(&mut self, connection: &mut ExternalConnection) -> bool {
        let (op, key) = match self.profile {
            Profile::Racing => self.race(),
            _ => self.choose(),
        };
        let key = match op {
            Op::Clear => key,
            _ => names::complete(&key),
        };
        let value = match op {
            Op::Set | Op::SetWithTtl => Some(self.values.next()),
            Op::Increment => Some(self.values.next_increment().to_string()),
            _ => None,
        };
        let write = Write {
            op,
            key: &key,
            value: value.as_deref().unwrap_or_default(),
            ttl: Duration::from_millis(self.rng.u64(50..500)),
        };
        let start = Moment::now();
        let written = connection.write(&write);
        let end = Moment::now();
        let (outcome, is_up) = match written {
            Written::Done(Some(sum)) if op == Op::Increment => {
                (Outcome::Found(sum.to_string()), true)
            }
            Written::Done(_) => (Outcome::Done, true),
            Written::Failed { why, is_up } => (Outcome::Failed(why), is_up),
        };
        self.recorder.write(&Event::Call(Call {
            process: self.process.clone(),
            thread: 0,
            op,
            key,
            value,
            start,
            end,
            outcome,
            source: None,
            quiet: None,
            external: true,
        }));
        is_up
    }

    /// Chooses the next write.
    fn choose(&mut self) -> (Op, String) {
        let persistent = names::persistent(self.rng.u32(0..self.keys));
        let volatile = names::volatile(self.rng.u32(0..names::volatile_of(self.keys)));
        match self.rng.u32(0..10_000) {
            0..40 => {
                let cold = self.rng.u32(0..names::cold_of(self.keys));
                (Op::Set, names::cold(cold))
            }
            40..600 => {
                let counter = names::counter(self.rng.u32(..));
                (Op::Increment, names::counter_from_outside(&counter))
            }
            600..7_500 => (Op::Set, persistent),
            7_500..9_000 => (Op::SetWithTtl, volatile),
            9_000..9_900 => (Op::Delete, persistent),
            9_900..9_997 => (Op::Delete, volatile),
            // Rare: it empties every local tier, and hides stale entries.
            _ => (Op::Clear, String::new()),
        }
    }

    /// Chooses the next write of a race: of the key whose turn it is, or sometimes of an earlier
    /// one.
    fn race(&mut self) -> (Op, String) {
        let looks_back = Instant::now() < self.looks_back_until && self.rng.u32(0..5) == 0;
        let key = if looks_back {
            names::persistent(self.rng.u32(0..self.keys))
        } else {
            names::of_turn(Moment::now(), self.keys)
        };
        match self.rng.u32(0..10) {
            0 => (Op::Delete, key),
            _ => (Op::Set, key),
        }
    }
}
