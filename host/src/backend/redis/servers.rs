//! The servers of a store: one, or those of a cluster.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{Pipeline, Value};

use super::cluster::Cluster;
use super::connection::{Connection, all_parts};
use super::request::{Keyed, Request};
use super::server::Server;
use crate::backend::{BackendError, Bucket, Feed, time};

/// Where a store's keys are.
pub(super) enum Servers {
    /// All of them on one server.
    One(Server),
    /// Each of them on one of several.
    Cluster(Cluster),
}

impl Servers {
    /// Asks what is requested of each key, and answers the replies: first those for the first key.
    /// Errors of single commands are among them.
    ///
    /// # Errors
    ///
    /// As [`Connection::send_all`] or [`Cluster::ask`], and what is refused of a transaction. Some of it
    /// may have been executed; then it is not `Unavailable`, unless it reads.
    pub(super) async fn ask<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
    ) -> Result<Vec<Value>, BackendError>
    where
        F: Fn(&mut Pipeline, &K) + Sync,
    {
        let replies = match self {
            Self::One(server) => server.connection.ask(request).await,
            Self::Cluster(cluster) => cluster.ask(request).await,
        }?;
        request.refused_in_part(&replies)?;
        Ok(replies)
    }

    /// How many of so many keys one command may take.
    pub(super) fn keys_in_a_command(&self, keys: usize) -> usize {
        match self {
            Self::One(_) => keys,
            Self::Cluster(_) => 1,
        }
    }

    /// Those that have keys now.
    ///
    /// # Errors
    ///
    /// If that is not known.
    pub(super) async fn masters(&self) -> Result<Masters, BackendError> {
        match self {
            Self::One(server) => Ok(Masters {
                all: vec![server.connection.clone()],
                division: None,
            }),
            Self::Cluster(cluster) => cluster.masters().await,
        }
    }

    /// The same, at the end of what has gone through all of their keys: once all of them say so.
    ///
    /// # Errors
    ///
    /// If they do not.
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
                tracking.map(|tracking| Arc::clone(tracking.ear.feed()))
            }
            Self::Cluster(cluster) => cluster.feed(),
        }
    }

    /// How long a round trip may take.
    pub(super) fn deadline(&self) -> Duration {
        match self {
            Self::One(server) => server.connection.deadline,
            Self::Cluster(cluster) => cluster.deadline(),
        }
    }

    /// Makes the servers tell of changes in a bucket.
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

/// Those that have keys, each its own. There is one at least.
pub(super) struct Masters {
    pub(super) all: Vec<Connection>,
    /// Tells how keys are divided among them; `None`: they never are.
    pub(super) division: Option<u64>,
}

impl Connection {
    /// As [`Servers::ask`], if all keys are here.
    async fn ask<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
    ) -> Result<Vec<Value>, BackendError>
    where
        F: Fn(&mut Pipeline, &K) + Sync,
    {
        let places: Vec<usize> = (0..request.keys.len()).collect();
        let parts = request.parts(&places).into_iter();
        let pipelines = parts.map(|part| request.pipeline(part)).collect();
        let sent = self.send_all(pipelines, request.access).await?;
        let unwrapped = sent.into_iter().map(|replies| request.unwrapped(replies));
        let parts = all_parts(unwrapped.collect(), request.access, false)?;
        request.complete(parts.concat())
    }
}
