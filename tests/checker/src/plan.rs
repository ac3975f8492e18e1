//! What is to happen in a run: all of it follows from the seed.

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

/// How many kinds of trouble there are.
const KINDS: u32 = 10;

/// Two of them.
const HALF_OPEN: u32 = 2;
const STOP: u32 = 4;

/// For how long several processes answer, marked stale, while Redis fails, in milliseconds.
const STALE_ON_ERROR_MS: u64 = 2_000;

/// A run before it happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What everything follows from.
    pub seed: u64,
    /// Who takes part.
    pub profile: Profile,
    /// How long they work.
    pub millis: u64,
    /// How many processes of the cache there are.
    pub workers: u32,
    /// How many sequential callers each of them has.
    pub threads: u32,
    /// Whether the callers of a process are those of two clients over one backend, by turns.
    #[serde(default)]
    pub siblings: bool,
    /// How many writers there are that know nothing of the cache.
    pub foreign: u32,
    /// How many keys there are that do not expire; half as many do, and as many are seldom written.
    pub keys: u32,
    /// How many entries the local tier of each process holds.
    pub local_max: u32,
    /// Whether the local tiers are held by the component, or in process.
    pub component: bool,
    /// What the processes are told to promise, in milliseconds.
    pub staleness_bound_ms: u64,
    /// Whether Redis keeps what it has acknowledged when it is killed.
    pub durable: bool,
    /// What is promised.
    pub limits: Limits,
    /// What goes wrong, one after the other.
    pub troubles: Vec<Planned>,
}

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// One process, with nobody else. Nothing that it sends arrives after its deadline.
    Lone,
    /// Several processes without local tiers, and writers beside the cache: nobody has to be told.
    Bare,
    /// One process, and writers beside the cache that it is not told of; nothing goes wrong. Not a
    /// cache that keeps its promises, but one that the checker must find out.
    Untold,
    /// Several processes, and writers beside the cache.
    Several,
    /// Two processes and writers beside the cache, who all work on one key at a time, for some
    /// milliseconds, and then on the next. What a race leaves there stays until the end.
    Racing,
    /// Several processes that share an `SQLite` file, and a writer beside the cache.
    File,
}

/// Something that goes wrong for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// When it begins, in milliseconds since the start.
    pub at: u64,
    /// How long it lasts, in milliseconds.
    pub lasts: u64,
    /// What it is.
    pub trouble: Trouble,
}

/// What can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// Bytes take so many milliseconds to Redis and back.
    Delay {
        /// To Redis.
        to_server: u64,
        /// Back.
        to_client: u64,
    },
    /// All connections are cut, and nobody can connect.
    CutOff {
        /// By RST, or by FIN.
        reset: bool,
    },
    /// Connections stay, and nothing comes through.
    HalfOpen {
        /// It comes later, or is lost.
        held: bool,
    },
    /// Connections are cut in the middle of something.
    DropAfter {
        /// Of an answer, or of a question.
        to_client: bool,
        /// After so many bytes.
        bytes: usize,
    },
    /// A process is stopped.
    Stop(u32),
    /// Redis closes the connections of all processes.
    KillClients,
    /// Redis refuses writes: it has no memory.
    OutOfMemory,
    /// Redis refuses writes: it has no replica.
    NoReplicas,
    /// Redis refuses commands of a category.
    Forbid(String),
    /// Redis is killed, and started again.
    KillServer,
}

impl Plan {
    /// The plan of a seed.
    pub fn new(seed: u64, profile: Profile, duration: Duration) -> Self {
        let mut rng = Rng::with_seed(seed);
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let (workers, foreign) = match profile {
            Profile::Lone => (1, 0),
            Profile::Untold => (1, 2),
            Profile::Bare | Profile::Several => (3, 2),
            Profile::Racing => (2, 2),
            Profile::File => (3, 1),
        };
        let (staleness_ms, deadline_ms) = match profile {
            // One who joins a question that is in the air may be answered as of when it left. Own writes count
            // when they are acknowledged, which is a rule of its own.
            Profile::Lone => (500, 1_000),
            Profile::Bare => (500, 500),
            // The bound is short, so that what goes wrong can last for longer. Where calls may wait for longer
            // than it, none of them tells the cache that Redis is silent.
            Profile::Untold | Profile::Several => (1_000, rng.choice([500, 2_000]).unwrap_or(500)),
            Profile::Racing => (1_000, 500),
            // What has changed is asked for every 20 ms.
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
            tells_all_deletions: profile != Profile::File,
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
            foreign,
            keys: match profile {
                Profile::Racing => names::turns(millis),
                _ => 12,
            },
            // A few too small: where much is evicted, little is there for long enough to be stale.
            local_max: match profile {
                Profile::Bare => 0,
                Profile::Racing => 100_000,
                _ if rng.u8(0..4) == 0 => 18,
                _ => 1_000,
            },
            component: profile != Profile::Racing && rng.bool(),
            staleness_bound_ms: 1_000,
            // Alone, what was acknowledged is to be read as long as Redis has it.
            durable: matches!(profile, Profile::Lone | Profile::File) || rng.u8(0..3) > 0,
            limits,
            troubles: Vec::new(),
        };
        plan.troubles = match profile {
            Profile::Untold => Vec::new(),
            Profile::Racing => plan.troubles_of_race(),
            _ => plan.troubles(&mut rng),
        };
        plan
    }

    /// All in the first half: each lost connection empties the local tiers, and what races have left there
    /// until then.
    fn troubles_of_race(&self) -> Vec<Planned> {
        let troubles = [
            Trouble::NoReplicas,
            Trouble::KillClients,
            Trouble::CutOff { reset: true },
        ];
        let part = self.millis / 8;
        let planned = (1..).zip(troubles).map(|(at, trouble)| Planned {
            at: part * at,
            lasts: part * 3 / 4,
            trouble,
        });
        planned.collect()
    }

    fn troubles(&self, rng: &mut Rng) -> Vec<Planned> {
        let mut troubles = Vec::new();
        let mut at = rng.u64(300..800);
        // Each once, in an order of their own, before any comes again.
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
                return troubles;
            }
            let trouble = self.trouble(kind, rng);
            troubles.push(Planned { at, lasts, trouble });
            at += lasts + rng.u64(150..500);
        }
    }

    /// How long trouble of a kind may last, in milliseconds: where a process does not notice that it is
    /// deaf, for longer than its bound.
    fn lasts(&self, kind: u32) -> Range<u64> {
        let bound = self.limits.staleness_ms;
        match kind {
            HALF_OPEN | STOP if bound > 0 => bound * 3 / 2..bound * 5 / 2,
            _ => 150..1_300,
        }
    }

    fn trouble(&self, kind: u32, rng: &mut Rng) -> Trouble {
        // What comes to Redis late is a write of somebody else's to a process that has given it up.
        let may_be_late = self.profile != Profile::Lone;
        let longest = match may_be_late {
            true => self.limits.deadline_ms,
            false => self.limits.deadline_ms / 10,
        };
        match kind {
            0 => Trouble::Delay {
                to_server: rng.u64(1..longest),
                to_client: rng.u64(1..longest),
            },
            1 => Trouble::CutOff { reset: rng.bool() },
            HALF_OPEN => Trouble::HalfOpen {
                held: may_be_late && rng.bool(),
            },
            3 => Trouble::DropAfter {
                to_client: rng.bool(),
                bytes: rng.usize(1..2_000),
            },
            STOP => Trouble::Stop(rng.u32(0..self.workers)),
            5 => Trouble::KillClients,
            6 => Trouble::OutOfMemory,
            7 => Trouble::NoReplicas,
            8 => Trouble::Forbid(if rng.bool() { "write" } else { "read" }.to_owned()),
            _ => Trouble::KillServer,
        }
    }

    /// The arguments that make this plan again.
    pub fn arguments(&self) -> String {
        let profile = self.profile.to_possible_value();
        let profile = profile.map_or_else(String::new, |value| value.get_name().to_owned());
        format!(
            "--profile {profile} --seed {} --millis {} --staleness-ms {}",
            self.seed, self.millis, self.limits.staleness_ms
        )
    }

    /// Writes it to where its history is to be.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let file = folder.join(FILE);
        let text = serde_json::to_string_pretty(self).context("a plan has a JSON form")?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Reads it from where its history is.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn load(folder: &Path) -> Result<Self> {
        let file = folder.join(FILE);
        let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is no plan", file.display()))
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
            plan(7, Profile::Several).troubles,
            plan(8, Profile::Several).troubles
        );
    }

    #[test]
    fn new_troubles_come_one_after_the_other_within_the_run() {
        for seed in 0..50 {
            let plan = plan(seed, Profile::Several);
            let mut end = 0;
            for planned in &plan.troubles {
                assert!(planned.at > end, "{planned:?}");
                end = planned.at + planned.lasts;
            }
            assert!(end < plan.millis && plan.troubles.len() > 10);
        }
    }

    #[test]
    fn new_lone_process_is_never_overtaken_by_its_own_late_writes() {
        for seed in 0..50 {
            let plan = plan(seed, Profile::Lone);
            let both_ways = |trouble: &Trouble| match trouble {
                Trouble::Delay {
                    to_server,
                    to_client,
                } => to_server + to_client,
                Trouble::HalfOpen { held: true } => u64::MAX,
                _ => 0,
            };
            for planned in &plan.troubles {
                assert!(both_ways(&planned.trouble) < plan.limits.deadline_ms / 2);
            }
        }
    }

    #[test]
    fn new_race_is_undisturbed_in_its_second_half() {
        let plan = plan(1, Profile::Racing);
        let last = plan.troubles.last().expect("something goes wrong");
        assert!(last.at + last.lasts < plan.millis / 2);
        assert_eq!(plan.keys, 3_000, "each has its turn once");
    }

    #[test]
    fn save_plan_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder must be created");
        let plan = plan(3, Profile::Lone);
        plan.save(folder.path()).expect("it must be written");
        assert_eq!(Plan::load(folder.path()).expect("it must be read"), plan);
    }
}
