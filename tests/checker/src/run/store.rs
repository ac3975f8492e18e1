//! The backend that all processes and writers share.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::connection::Endpoint;
use super::file::SharedFile;
use super::testbed::Testbed;
use crate::history::Recorder;
use crate::plan::{Plan, Profile};

pub(super) enum Store {
    Redis(Box<Testbed>),
    File(SharedFile),
}

impl Store {
    pub(super) fn start(plan: &Plan, folder: &Path, recorder: &Arc<Recorder>) -> Result<Self> {
        match plan.profile {
            Profile::File => Ok(Self::File(SharedFile::start(folder, recorder)?)),
            _ => Ok(Self::Redis(Box::new(Testbed::start(plan, recorder)?))),
        }
    }

    /// Returns the URL of the backend for the processes.
    pub(super) fn worker_url(&self) -> String {
        match self {
            Self::Redis(testbed) => testbed.worker_url(),
            Self::File(file) => file.url(),
        }
    }

    /// Returns the endpoint of the external writers.
    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Redis(testbed) => Endpoint::Redis {
                url: testbed.url(),
                gate: testbed.gate(),
            },
            Self::File(file) => Endpoint::File(file.path().to_owned()),
        }
    }

    /// Writes a key of the cache, without using it.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match self {
            Self::Redis(testbed) => testbed.set(key, value),
            Self::File(file) => file.set(key, value),
        }
    }

    /// Records all keys and values.
    pub(super) fn final_scan(&mut self) -> Result<()> {
        match self {
            Self::Redis(testbed) => testbed.final_scan(),
            Self::File(file) => file.final_scan(),
        }
    }
}
