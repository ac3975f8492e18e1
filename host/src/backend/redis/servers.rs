//! The servers of a backend: one, or those of a cluster.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{Pipeline, Value};

use super::cluster::Cluster;
use super::connection::{Connection, all_parts};
use super::masters::Masters;
use super::request::{Keyed, Request};
use super::server::Server;
use crate::backend::{BackendError, Bucket, Feed, time};

/// The servers that hold the keys.
pub(super) enum Servers {
    /// One server holds all keys.
    One(Server),
    /// Several servers hold the keys, each key on one of them.
    Cluster(Cluster),
}

impl Servers {
    /// Executes a request and returns the replies, those for the first key first. They include
    /// errors of single commands.
    ///
    /// # Errors
    ///
    /// As [`Connection::send_all`] or [`Cluster::execute`], and the error of a refused transaction.
    /// A part may have been executed; then a write does not return `Unavailable`.
    pub(super) async fn execute<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
    ) -> Result<Vec<Value>, BackendError>
    where
        F: Fn(&mut Pipeline, &K) + Sync,
    {
        let replies = match self {
            Self::One(server) => server.connection.execute(request).await,
            Self::Cluster(cluster) => cluster.execute(request).await,
        }?;
        request.refused_in_part(&replies)?;
        Ok(replies)
    }

    /// Returns how many of `keys` keys one command may take.
    pub(super) fn keys_per_command(&self, keys: usize) -> usize {
        match self {
            Self::One(_) => keys,
            Self::Cluster(_) => 1,
        }
    }

    /// Returns the servers that have keys now.
    ///
    /// # Errors
    ///
    /// If they are not known.
    pub(super) async fn masters(&self) -> Result<Masters, BackendError> {
        match self {
            Self::One(server) => Ok(Masters {
                all: vec![server.connection.clone()],
                topology_hash: None,
            }),
            Self::Cluster(cluster) => cluster.masters().await,
        }
    }

    /// Returns the servers that have keys now, once all of them agree about the topology. Called at
    /// the end of a scan.
    ///
    /// # Errors
    ///
    /// If they do not agree in time.
    pub(super) async fn agreed_masters(&self) -> Result<Masters, BackendError> {
        match self {
            Self::One(_) => self.masters().await,
            Self::Cluster(cluster) => cluster.agreed_masters().await,
        }
    }

    pub(super) fn feed(&self) -> Option<Arc<Feed>> {
        match self {
            Self::One(server) => {
                let tracking = server.connection.shared.tracking.as_ref();
                tracking.map(|tracking| Arc::clone(tracking.health.feed()))
            }
            Self::Cluster(cluster) => cluster.feed(),
        }
    }

    /// Returns how long a round trip may take.
    pub(super) fn deadline(&self) -> Duration {
        match self {
            Self::One(server) => server.connection.deadline,
            Self::Cluster(cluster) => cluster.deadline(),
        }
    }

    /// Makes the servers publish changes in a bucket.
    ///
    /// # Errors
    ///
    /// If they do not.
    pub(super) async fn subscribe(&self, bucket: &Bucket) -> Result<(), BackendError> {
        match self {
            Self::One(server) => {
                let deadline = time::deadline_after(server.connection.deadline);
                server.connection.subscribe(bucket, deadline).await
            }
            Self::Cluster(cluster) => cluster.subscribe(bucket).await,
        }
    }
}

impl Connection {
    /// As [`Servers::execute`], for a server that has all keys.
    async fn execute<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
    ) -> Result<Vec<Value>, BackendError>
    where
        F: Fn(&mut Pipeline, &K) + Sync,
    {
        let indices: Vec<usize> = (0..request.keys.len()).collect();
        let parts = request.parts(&indices).into_iter();
        let pipelines = parts.map(|part| request.pipeline(part)).collect();
        let sent = self.send_all(pipelines, request.access).await?;
        let unwrapped = sent.into_iter().map(|replies| request.unwrapped(replies));
        let parts = all_parts(unwrapped.collect(), request.access, false)?;
        request.complete(parts.concat())
    }
}
