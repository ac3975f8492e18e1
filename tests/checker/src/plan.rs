//! The schedule of a run. All of it follows from the seed.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use fastrand::Rng;
use serde::{Deserialize, Serialize};

use crate::history::Limits;
use crate::names;

/// The file of a plan, in the folder of its history.
const FILE: &str = "plan.json";

/// The number of kinds of faults.
const KINDS: u32 = 10;

/// The two kinds that last longer than the staleness bound.
const HALF_OPEN: u32 = 2;
const STOP: u32 = 4;

/// The stale-on-error window of the profile `Several`, in milliseconds.
const STALE_ON_ERROR_MS: u64 = 2_000;

/// The schedule of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The seed of the plan.
    pub seed: u64,
    /// The processes and writers.
    pub profile: Profile,
    /// The duration, in milliseconds.
    pub millis: u64,
    /// The number of processes of the cache.
    pub workers: u32,
    /// The number of sequential callers of each process.
    pub threads: u32,
    /// Whether the callers of a process alternate between two clients over one backend.
    #[serde(default)]
    pub siblings: bool,
    /// The number of writers that do not use the cache.
    pub external_writers: u32,
    /// The number of keys that do not expire. Half as many expire, and half as many are seldom
    /// written.
    pub keys: u32,
    /// The maximum number of entries of the local tier of each process.
    pub local_max: u32,
    /// Whether the component holds the local tiers, instead of in-process shards.
    pub component: bool,
    /// The staleness bound of the backend of each process, in milliseconds.
    pub staleness_bound_ms: u64,
    /// Whether Redis keeps acknowledged writes when it is killed.
    pub durable: bool,
    /// The limits that the rules check.
    pub limits: Limits,
    /// The faults, one after the other.
    pub faults: Vec<PlannedFault>,
}

/// The processes and writers of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// One process, and no other client. None of its requests arrives after its deadline.
    Lone,
    /// Several processes without local tiers, and external writers: no invalidations are needed.
    Bare,
    /// One process that receives no invalidations, and external writers, without faults. Such a
    /// cache breaks its guarantees; the checker must detect that.
    Untracked,
    /// Several processes, and external writers.
    Several,
    /// Two processes and external writers that all work on one key for some milliseconds, and then
    /// on the next. What a race leaves there stays until the end.
    Racing,
    /// Several processes that share an `SQLite` file, and an external writer.
    File,
}

/// A fault and when it happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFault {
    /// When it begins, in milliseconds since the start.
    pub at: u64,
    /// How long it lasts, in milliseconds.
    pub lasts: u64,
    /// The fault.
    pub fault: Fault,
}

/// A kind of fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Bytes are delayed by this many milliseconds.
    Delay {
        /// To Redis.
        to_server: u64,
        /// From Redis.
        to_client: u64,
    },
    /// All connections are cut, and new ones refused.
    CutOff {
        /// By RST instead of FIN.
        reset: bool,
    },
    /// Connections stay open, and forward nothing.
    HalfOpen {
        /// Bytes are delivered later instead of lost.
        held: bool,
    },
    /// Connections are cut in the middle of a message.
    DropAfter {
        /// Of a reply instead of a request.
        to_client: bool,
        /// After this many bytes.
        bytes: usize,
    },
    /// A process is stopped.
    Stop(u32),
    /// Redis closes the connections of all processes.
    KillClients,
    /// Redis rejects writes: it is out of memory.
    OutOfMemory,
    /// Redis rejects writes: it has no replica.
    NoReplicas,
    /// Redis rejects commands of a category.
    Forbid(String),
    /// Redis is killed and restarted.
    KillServer,
}

impl Plan {
    /// Creates the plan of a seed.
    pub fn new(seed: u64, profile: Profile, duration: Duration) -> Self {
        let mut rng = Rng::with_seed(seed);
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let (workers, external_writers) = match profile {
            Profile::Lone => (1, 0),
            Profile::Untracked => (1, 2),
            Profile::Bare | Profile::Several => (3, 2),
            Profile::Racing => (2, 2),
            Profile::File => (3, 1),
        };
        let (staleness_ms, deadline_ms) = match profile {
            // A read that joins a fetch in flight may get the value as of when that was sent. Own
            // writes count from their acknowledgement, which `read_your_writes` checks.
            Profile::Lone => (500, 1_000),
            Profile::Bare => (500, 500),
            // The bound is short, so that faults can last longer. If deadlines exceed it, no failed
            // call reveals to the cache that Redis does not reply.
            Profile::Untracked | Profile::Several => {
                (1_000, rng.choice([500, 2_000]).unwrap_or(500))
            }
            Profile::Racing => (1_000, 500),
            // Changes are polled every 20 ms.
            Profile::File => (1_020, 1_000),
        };
        let limits = Limits {
            staleness_ms,
            stale_window_ms: match profile {
                Profile::Several => STALE_ON_ERROR_MS,
                _ => 0,
            },
            deadline_ms,
            tolerance_ms: 300,
            reports_all_deletions: profile != Profile::File,
        };
        let mut plan = Self {
            seed,
            profile,
            millis,
            workers,
            threads: 4,
            siblings: match profile {
                Profile::Racing => true,
                Profile::Several => seed.is_multiple_of(2),
                _ => false,
            },
            external_writers,
            keys: match profile {
                Profile::Racing => names::turns(millis),
                _ => 12,
            },
            // Few are too small: after many evictions, few entries stay long enough to be stale.
            local_max: match profile {
                Profile::Bare => 0,
                Profile::Racing => 100_000,
                _ if rng.u8(0..4) == 0 => 18,
                _ => 1_000,
            },
            component: profile != Profile::Racing && rng.bool(),
            staleness_bound_ms: 1_000,
            // A lone process must read what was acknowledged, as long as Redis has it.
            durable: matches!(profile, Profile::Lone | Profile::File) || rng.u8(0..3) > 0,
            limits,
            faults: Vec::new(),
        };
        plan.faults = match profile {
            Profile::Untracked => Vec::new(),
            Profile::Racing => plan.faults_of_race(),
            _ => plan.faults(&mut rng),
        };
        plan
    }

    /// Plans all faults in the first half: each lost connection empties the local tiers, and with
    /// them the traces of earlier races.
    fn faults_of_race(&self) -> Vec<PlannedFault> {
        let faults = [
            Fault::NoReplicas,
            Fault::KillClients,
            Fault::CutOff { reset: true },
        ];
        let part = self.millis / 8;
        let planned = (1..).zip(faults).map(|(at, fault)| PlannedFault {
            at: part * at,
            lasts: part * 3 / 4,
            fault,
        });
        planned.collect()
    }

    fn faults(&self, rng: &mut Rng) -> Vec<PlannedFault> {
        let mut faults = Vec::new();
        let mut at = rng.u64(300..800);
        // Each kind once, in random order, before any repeats.
        let mut kinds = Vec::new();
        loop {
            if kinds.is_empty() {
                kinds = match self.profile {
                    Profile::File => vec![STOP],
                    _ => (0..KINDS).collect(),
                };
                rng.shuffle(&mut kinds);
            }
            let kind = kinds.pop().unwrap_or(0);
            let lasts = rng.u64(self.lasts(kind));
            if at + lasts >= self.millis {
                return faults;
            }
            let fault = self.fault(kind, rng);
            faults.push(PlannedFault { at, lasts, fault });
            at += lasts + rng.u64(150..500);
        }
    }

    /// Returns how long a fault of a kind may last, in milliseconds: longer than the staleness
    /// bound if a process does not notice that it receives no invalidations.
    fn lasts(&self, kind: u32) -> Range<u64> {
        let bound = self.limits.staleness_ms;
        match kind {
            HALF_OPEN | STOP if bound > 0 => bound * 3 / 2..bound * 5 / 2,
            _ => 150..1_300,
        }
    }

    fn fault(&self, kind: u32, rng: &mut Rng) -> Fault {
        // To a process whose write has timed out, its late execution looks like another client's
        // write.
        let may_be_late = self.profile != Profile::Lone;
        let longest = if may_be_late {
            self.limits.deadline_ms
        } else {
            self.limits.deadline_ms / 10
        };
        match kind {
            0 => Fault::Delay {
                to_server: rng.u64(1..longest),
                to_client: rng.u64(1..longest),
            },
            1 => Fault::CutOff { reset: rng.bool() },
            HALF_OPEN => Fault::HalfOpen {
                held: may_be_late && rng.bool(),
            },
            3 => Fault::DropAfter {
                to_client: rng.bool(),
                bytes: rng.usize(1..2_000),
            },
            STOP => Fault::Stop(rng.u32(0..self.workers)),
            5 => Fault::KillClients,
            6 => Fault::OutOfMemory,
            7 => Fault::NoReplicas,
            8 => Fault::Forbid(if rng.bool() { "write" } else { "read" }.to_owned()),
            _ => Fault::KillServer,
        }
    }

    /// Returns the arguments that create this plan again.
    pub fn arguments(&self) -> String {
        let profile = self.profile.to_possible_value();
        let profile = profile.map_or_else(String::new, |value| value.get_name().to_owned());
        format!(
            "--profile {profile} --seed {} --millis {} --staleness-ms {}",
            self.seed, self.millis, self.limits.staleness_ms
        )
    }

    /// Writes the plan to the folder of its history.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let file = folder.join(FILE);
        let text = serde_json::to_string_pretty(self).context("a plan has a JSON form")?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Reads the plan from the folder of its history.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or parsed.
    pub fn load(folder: &Path) -> Result<Self> {
        let file = folder.join(FILE);
        let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is not a plan", file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seed: u64, profile: Profile) -> Plan {
        Plan::new(seed, profile, Duration::from_secs(30))
    }

    #[test]
    fn new_same_seed_is_the_same_plan() {
        assert_eq!(plan(7, Profile::Several), plan(7, Profile::Several));
        assert_ne!(
            plan(7, Profile::Several).faults,
            plan(8, Profile::Several).faults
        );
    }

    #[test]
    fn new_faults_do_not_overlap_and_end_within_the_run() {
        for seed in 0..50 {
            let plan = plan(seed, Profile::Several);
            let mut end = 0;
            for planned in &plan.faults {
                assert!(planned.at > end, "{planned:?}");
                end = planned.at + planned.lasts;
            }
            assert!(end < plan.millis && plan.faults.len() > 10);
        }
    }

    #[test]
    fn new_lone_process_has_no_writes_after_their_deadline() {
        for seed in 0..50 {
            let plan = plan(seed, Profile::Lone);
            let both_ways = |fault: &Fault| match fault {
                Fault::Delay {
                    to_server,
                    to_client,
                } => to_server + to_client,
                Fault::HalfOpen { held: true } => u64::MAX,
                _ => 0,
            };
            for planned in &plan.faults {
                assert!(both_ways(&planned.fault) < plan.limits.deadline_ms / 2);
            }
        }
    }

    #[test]
    fn new_race_has_no_faults_in_its_second_half() {
        let plan = plan(1, Profile::Racing);
        let last = plan.faults.last().expect("there are faults");
        assert!(last.at + last.lasts < plan.millis / 2);
        assert_eq!(plan.keys, 3_000, "each key has one turn");
    }

    #[test]
    fn save_then_load_returns_the_same_plan() {
        let folder = tempfile::tempdir().expect("a folder must be created");
        let plan = plan(3, Profile::Lone);
        plan.save(folder.path()).expect("it must be written");
        assert_eq!(Plan::load(folder.path()).expect("it must be read"), plan);
    }
}
