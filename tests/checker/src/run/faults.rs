//! Begins and ends each fault.

use std::time::Duration;

use anyhow::{Result, bail};
use flipcache_tests::proxy::{Bytes, Cut, Direction};
use rustix::process::Signal;

use super::store::Store;
use super::testbed::{NAME, Testbed, USER};
use super::workers::Workers;
use crate::plan::Fault;

/// Begins a fault.
pub(super) fn begin(fault: &Fault, store: &mut Store, workers: &Workers) -> Result<()> {
    match (fault, store) {
        (Fault::Stop(worker), _) => workers.signal(*worker, Signal::STOP),
        (_, Store::Redis(testbed)) => begin_with_redis(fault, testbed),
        (_, Store::File(_)) => bail!("a file does not support the fault {fault:?}"),
    }
}

fn begin_with_redis(fault: &Fault, testbed: &mut Testbed) -> Result<()> {
    match fault {
        Fault::Delay {
            to_server,
            to_client,
        } => {
            let delay = |millis| Duration::from_millis(millis);
            testbed.proxy.delay(delay(*to_server), delay(*to_client));
        }
        Fault::CutOff { reset } => {
            testbed.proxy.refuse();
            testbed
                .proxy
                .cut(if *reset { Cut::Reset } else { Cut::Finish });
        }
        Fault::HalfOpen { held } => {
            let bytes = if *held { Bytes::Held } else { Bytes::Dropped };
            testbed.proxy.half_open(bytes);
        }
        Fault::DropAfter { to_client, bytes } => {
            let direction = if *to_client {
                Direction::ToClient
            } else {
                Direction::ToServer
            };
            testbed.proxy.drop_after(direction, *bytes);
        }
        // `begin` stops the process.
        Fault::Stop(_) => {}
        Fault::KillClients => kill_clients(testbed)?,
        Fault::OutOfMemory => config(testbed, "maxmemory", "1")?,
        Fault::NoReplicas => config(testbed, "min-replicas-to-write", "1")?,
        Fault::Forbid(category) => acl(testbed, &format!("-@{category}"))?,
        Fault::KillServer => testbed.kill_and_restart()?,
    }
    Ok(())
}

/// Ends a fault.
pub(super) fn end(fault: &Fault, store: &mut Store, workers: &Workers) -> Result<()> {
    match (fault, store) {
        (Fault::Stop(worker), _) => workers.signal(*worker, Signal::CONT),
        (_, Store::Redis(testbed)) => end_with_redis(fault, testbed),
        (_, Store::File(_)) => bail!("a file does not support the fault {fault:?}"),
    }
}

fn end_with_redis(fault: &Fault, testbed: &mut Testbed) -> Result<()> {
    match fault {
        Fault::OutOfMemory => config(testbed, "maxmemory", "0"),
        Fault::NoReplicas => config(testbed, "min-replicas-to-write", "0"),
        Fault::Forbid(_) => acl(testbed, "+@all"),
        _ => {
            testbed.proxy.heal();
            Ok(())
        }
    }
}

fn config(testbed: &mut Testbed, name: &str, value: &str) -> Result<()> {
    testbed.query(&["CONFIG", "SET", name, value])
}

fn acl(testbed: &mut Testbed, rule: &str) -> Result<()> {
    testbed.query(&["ACL", "SETUSER", USER, rule])
}

/// Kills all connections but those of the checker.
fn kill_clients(testbed: &mut Testbed) -> Result<()> {
    let clients: String = testbed.query(&["CLIENT", "LIST"])?;
    let name = format!("name={NAME}");
    let others = clients
        .lines()
        .filter(|line| !line.split(' ').any(|field| field == name));
    for line in others {
        let id = line.split(' ').find_map(|field| field.strip_prefix("id="));
        if let Some(id) = id {
            // 0 if the connection is already closed.
            testbed.query::<u64>(&["CLIENT", "KILL", "ID", id])?;
        }
    }
    Ok(())
}
