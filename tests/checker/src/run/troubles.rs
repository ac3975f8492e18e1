//! How each trouble begins and ends.

use std::time::Duration;

use anyhow::{Result, bail};
use flipcache_tests::proxy::{Bytes, Cut, Direction};
use rustix::process::Signal;

use super::stage::{NAME, Stage, USER};
use super::store::Store;
use super::workers::Workers;
use crate::plan::Trouble;

/// Lets a trouble begin.
pub(super) fn begin(trouble: &Trouble, store: &mut Store, workers: &Workers) -> Result<()> {
    match (trouble, store) {
        (Trouble::Stop(worker), _) => workers.signal(*worker, Signal::STOP),
        (_, Store::Redis(stage)) => begin_with_redis(trouble, stage),
        (_, Store::File(_)) => bail!("a file has no {trouble:?}"),
    }
}

fn begin_with_redis(trouble: &Trouble, stage: &mut Stage) -> Result<()> {
    match trouble {
        Trouble::Delay {
            to_server,
            to_client,
        } => {
            let delay = |millis| Duration::from_millis(millis);
            stage.proxy.delay(delay(*to_server), delay(*to_client));
        }
        Trouble::CutOff { reset } => {
            stage.proxy.refuse();
            stage
                .proxy
                .cut(if *reset { Cut::Reset } else { Cut::Finish });
        }
        Trouble::HalfOpen { held } => {
            let bytes = if *held { Bytes::Held } else { Bytes::Dropped };
            stage.proxy.half_open(bytes);
        }
        Trouble::DropAfter { to_client, bytes } => {
            let direction = match to_client {
                true => Direction::ToClient,
                false => Direction::ToServer,
            };
            stage.proxy.drop_after(direction, *bytes);
        }
        // That is not Redis' matter.
        Trouble::Stop(_) => {}
        Trouble::KillClients => kill_clients(stage)?,
        Trouble::OutOfMemory => config(stage, "maxmemory", "1")?,
        Trouble::NoReplicas => config(stage, "min-replicas-to-write", "1")?,
        Trouble::Forbid(category) => acl(stage, &format!("-@{category}"))?,
        Trouble::KillServer => stage.kill_and_restart()?,
    }
    Ok(())
}

/// Ends it.
pub(super) fn end(trouble: &Trouble, store: &mut Store, workers: &Workers) -> Result<()> {
    match (trouble, store) {
        (Trouble::Stop(worker), _) => workers.signal(*worker, Signal::CONT),
        (_, Store::Redis(stage)) => end_with_redis(trouble, stage),
        (_, Store::File(_)) => bail!("a file has no {trouble:?}"),
    }
}

fn end_with_redis(trouble: &Trouble, stage: &mut Stage) -> Result<()> {
    match trouble {
        Trouble::OutOfMemory => config(stage, "maxmemory", "0"),
        Trouble::NoReplicas => config(stage, "min-replicas-to-write", "0"),
        Trouble::Forbid(_) => acl(stage, "+@all"),
        _ => {
            stage.proxy.heal();
            Ok(())
        }
    }
}

fn config(stage: &mut Stage, name: &str, value: &str) -> Result<()> {
    stage.ask(&["CONFIG", "SET", name, value])
}

fn acl(stage: &mut Stage, rule: &str) -> Result<()> {
    stage.ask(&["ACL", "SETUSER", USER, rule])
}

/// Kills the connections that are not the checker's own.
fn kill_clients(stage: &mut Stage) -> Result<()> {
    let clients: String = stage.ask(&["CLIENT", "LIST"])?;
    let name = format!("name={NAME}");
    let others = clients
        .lines()
        .filter(|line| !line.split(' ').any(|field| field == name));
    for line in others {
        let id = line.split(' ').find_map(|field| field.strip_prefix("id="));
        if let Some(id) = id {
            // 0 if it has gone by itself.
            stage.ask::<u64>(&["CLIENT", "KILL", "ID", id])?;
        }
    }
    Ok(())
}
