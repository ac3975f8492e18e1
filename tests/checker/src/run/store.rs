//! What all write to.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::file::SharedFile;
use super::plain::Place;
use super::stage::Stage;
use crate::history::Recorder;
use crate::plan::{Plan, Profile};

pub(super) enum Store {
    Redis(Box<Stage>),
    File(SharedFile),
}

impl Store {
    pub(super) fn start(plan: &Plan, folder: &Path, recorder: &Arc<Recorder>) -> Result<Self> {
        match plan.profile {
            Profile::File => Ok(Self::File(SharedFile::start(folder, recorder)?)),
            _ => Ok(Self::Redis(Box::new(Stage::start(plan, recorder)?))),
        }
    }

    /// Where it is for the processes.
    pub(super) fn worker_url(&self) -> String {
        match self {
            Self::Redis(stage) => stage.worker_url(),
            Self::File(file) => file.url(),
        }
    }

    /// Where it is for those who know nothing of the cache.
    pub(super) fn place(&self) -> Place {
        match self {
            Self::Redis(stage) => Place::Redis {
                url: stage.url(),
                gate: stage.gate(),
            },
            Self::File(file) => Place::File(file.path().to_owned()),
        }
    }

    /// Writes a key of the cache, past it.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match self {
            Self::Redis(stage) => stage.set(key, value),
            Self::File(file) => file.set(key, value),
        }
    }

    /// Writes down all that it holds.
    pub(super) fn survey_at_rest(&mut self) -> Result<()> {
        match self {
            Self::Redis(stage) => stage.survey_at_rest(),
            Self::File(file) => file.survey_at_rest(),
        }
    }
}
