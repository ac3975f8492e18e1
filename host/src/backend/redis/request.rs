//! The same commands for each of many keys, in pipelines of a bounded size.

use ::redis::{Pipeline, ToRedisArgs, Value};

use super::error::{of_reply, unexpected};
use super::reply;
use crate::backend::batch::Pair;
use crate::backend::{Access, BackendError};

/// The commands for each of some keys.
pub(super) struct Request<'a, K, F> {
    /// The keys, or values that have one.
    pub(super) keys: &'a [K],
    /// Adds the commands for one key.
    pub(super) commands: F,
    /// How many replies the commands for one key have.
    pub(super) replies: usize,
    pub(super) atomicity: Atomicity,
    pub(super) access: Access,
    pub(super) limit: Limit,
}

/// Which commands are executed as one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Atomicity {
    /// Each command by itself.
    Command,
    /// The commands for one key.
    Key,
    /// The commands for one key; those of a whole pipeline if one server has all of its keys,
    /// because that takes fewer commands.
    Pipeline,
}

/// How much one pipeline carries.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) keys: usize,
    /// About how many bytes, counted by [`Keyed::weight`].
    pub(super) bytes: usize,
}

/// A value that has a key.
pub(super) trait Keyed: Sync {
    fn key(&self) -> &[u8];

    /// Returns how many bytes it adds to a pipeline, where that matters.
    fn weight(&self) -> usize {
        0
    }
}

impl Keyed for String {
    fn key(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Keyed for Vec<u8> {
    fn key(&self) -> &[u8] {
        self
    }
}

impl Keyed for Pair {
    fn key(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn weight(&self) -> usize {
        self.0.len() + self.1.len()
    }
}

/// Keys that one command takes together.
pub(super) struct Group<'a, K>(pub(super) &'a [K]);

impl<K: Keyed> Keyed for Group<'_, K> {
    fn key(&self) -> &[u8] {
        self.0.first().map(Keyed::key).unwrap_or_default()
    }
}

impl<K: ToRedisArgs> Group<'_, K> {
    pub(super) fn add_to(&self, pipeline: &mut Pipeline) {
        pipeline.arg(self.0);
    }
}

impl<K: Keyed, F: Fn(&mut Pipeline, &K)> Request<'_, K, F> {
    /// Splits some keys, given by index, into parts that each fit one pipeline.
    pub(super) fn parts<'p>(&self, indices: &'p [usize]) -> Vec<&'p [usize]> {
        let mut parts = Vec::new();
        let (mut start, mut bytes) = (0, 0);
        for (at, index) in indices.iter().enumerate() {
            bytes += self.keys[*index].weight();
            if bytes >= self.limit.bytes || at + 1 - start >= self.limit.keys {
                parts.push(&indices[start..=at]);
                (start, bytes) = (at + 1, 0);
            }
        }
        if start < indices.len() {
            parts.push(&indices[start..]);
        }
        parts
    }

    /// Returns the same request for nodes of a cluster, where only commands for one key share a
    /// transaction.
    pub(super) fn per_key(&self) -> Request<'_, K, &F> {
        let atomicity = match self.atomicity {
            Atomicity::Command => Atomicity::Command,
            Atomicity::Key | Atomicity::Pipeline => Atomicity::Key,
        };
        Request {
            keys: self.keys,
            commands: &self.commands,
            replies: self.replies,
            atomicity,
            access: self.access,
            limit: self.limit,
        }
    }

    /// Returns the commands for some keys.
    pub(super) fn pipeline(&self, indices: &[usize]) -> Pipeline {
        self.pipeline_after(indices, false)
    }

    /// Returns the commands for some keys, with `ASKING` before each key's if `asking`.
    pub(super) fn pipeline_after(&self, indices: &[usize], asking: bool) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(indices.len() * self.replies + 2);
        if self.atomicity == Atomicity::Pipeline {
            pipeline.cmd("MULTI");
        }
        for index in indices {
            if asking {
                pipeline.cmd("ASKING");
            }
            self.add(&mut pipeline, *index);
        }
        if self.atomicity == Atomicity::Pipeline {
            pipeline.cmd("EXEC");
        }
        pipeline
    }

    /// Returns how many replies there are to the commands for one key, with those to its `MULTI`
    /// and `EXEC`.
    pub(super) fn raw_replies(&self) -> usize {
        match self.atomicity {
            Atomicity::Command | Atomicity::Pipeline => self.replies,
            Atomicity::Key => self.replies + 2,
        }
    }

    fn add(&self, pipeline: &mut Pipeline, index: usize) {
        let key = &self.keys[index];
        match self.atomicity {
            Atomicity::Command | Atomicity::Pipeline => (self.commands)(pipeline, key),
            Atomicity::Key => {
                pipeline.cmd("MULTI");
                (self.commands)(pipeline, key);
                pipeline.cmd("EXEC");
            }
        }
    }

    /// Turns the replies to [`pipeline`](Self::pipeline) into those to the commands alone.
    ///
    /// # Errors
    ///
    /// The server's error if it refused a transaction.
    pub(super) fn unwrapped(&self, replies: Vec<Value>) -> Result<Vec<Value>, BackendError> {
        match self.atomicity {
            Atomicity::Command => Ok(replies),
            Atomicity::Pipeline => reply::transaction(replies),
            Atomicity::Key => {
                let mut unwrapped = Vec::with_capacity(replies.len());
                let mut replies = replies.into_iter().peekable();
                while replies.peek().is_some() {
                    let of_one = replies.by_ref().take(self.raw_replies()).collect();
                    unwrapped.extend(reply::transaction(of_one)?);
                }
                Ok(unwrapped)
            }
        }
    }

    /// Checks for a write that was refused in part: a server that has just become a replica has
    /// executed the commands before.
    ///
    /// # Errors
    ///
    /// `OutcomeUnknown` in that case. If all was refused, the replies say so.
    pub(super) fn refused_in_part(&self, replies: &[Value]) -> Result<(), BackendError> {
        let refused = |reply: &&Value| matches!(reply, Value::ServerError(_));
        let Some(Value::ServerError(first)) = replies.iter().find(refused) else {
            return Ok(());
        };
        match of_reply(first).after_another_part(true) {
            error @ BackendError::OutcomeUnknown(_)
                if self.access == Access::Write && !replies.iter().all(|reply| refused(&reply)) =>
            {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// Returns the replies, if their number fits the keys.
    ///
    /// # Errors
    ///
    /// `Other` if it does not.
    pub(super) fn complete(&self, replies: Vec<Value>) -> Result<Vec<Value>, BackendError> {
        if replies.len() == self.keys.len() * self.replies {
            Ok(replies)
        } else {
            Err(unexpected())
        }
    }
}

#[cfg(test)]
mod tests {
    use ::redis::parse_redis_value;

    use super::*;

    fn request<K: Keyed>(
        keys: &[K],
        atomicity: Atomicity,
    ) -> Request<'_, K, fn(&mut Pipeline, &K)> {
        Request {
            keys,
            commands: |pipeline, key| {
                pipeline.cmd("GET").arg(key.key());
            },
            replies: 1,
            atomicity,
            access: Access::Read,
            limit: Limit {
                keys: 3,
                bytes: 100,
            },
        }
    }

    fn sent(pipeline: &Pipeline) -> String {
        let packed = pipeline.get_packed_pipeline();
        let text = String::from_utf8(packed).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with(['*', '$']));
        lines.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn parts_are_cut_by_bytes_and_by_keys() {
        let lengths = |pairs: Vec<Pair>| -> Vec<usize> {
            let indices: Vec<_> = (0..pairs.len()).collect();
            let request = request(&pairs, Atomicity::Command);
            request
                .parts(&indices)
                .iter()
                .map(|part| part.len())
                .collect()
        };
        assert_eq!(lengths(vec![("k".to_owned(), vec![0; 50]); 5]), [2, 2, 1]);
        assert_eq!(lengths(vec![(String::new(), vec![]); 7]), [3, 3, 1]);
        assert_eq!(lengths(vec![]), [0; 0]);
    }

    #[test]
    fn pipeline_of_each_atomicity_wraps_what_belongs_together() {
        let keys = ["a", "b"].map(str::to_owned);
        for (atomicity, expected) in [
            (Atomicity::Command, "GET a GET b"),
            (Atomicity::Key, "MULTI GET a EXEC MULTI GET b EXEC"),
            (Atomicity::Pipeline, "MULTI GET a GET b EXEC"),
        ] {
            let request = request(&keys, atomicity);
            assert_eq!(sent(&request.pipeline(&[0, 1])), expected);
        }
    }

    #[test]
    fn pipeline_after_asking_asks_before_each_key() {
        let keys = ["a", "b"].map(str::to_owned);
        for (atomicity, expected) in [
            (Atomicity::Command, "ASKING GET b ASKING GET a"),
            (
                Atomicity::Pipeline,
                "ASKING MULTI GET b EXEC ASKING MULTI GET a EXEC",
            ),
        ] {
            let request = request(&keys, atomicity);
            let pipeline = request.per_key().pipeline_after(&[1, 0], true);
            assert_eq!(sent(&pipeline), expected);
        }
    }

    #[test]
    fn refused_in_part_of_a_write_has_an_unknown_outcome() {
        let keys = ["a", "b"].map(str::to_owned);
        let error = |line: &str| {
            let wire = format!("-{line}\r\n");
            parse_redis_value(wire.as_bytes()).expect("the reply is valid")
        };
        let kind = |replies: [Value; 2], access| {
            let request = Request {
                access,
                ..request(&keys, Atomicity::Command)
            };
            let refused = request.refused_in_part(&replies);
            refused.err().map(|error| error.kind())
        };
        let replica = || error("READONLY no");
        let (read, write) = (Access::Read, Access::Write);
        let in_part = Some("outcome-unknown");
        assert_eq!(kind([Value::Okay, replica()], write), in_part);
        assert_eq!(kind([Value::Okay, replica()], read), None);
        assert_eq!(kind([replica(), replica()], write), None);
        assert_eq!(kind([Value::Okay, error("OOM no")], write), None);
        assert_eq!(kind([Value::Okay, Value::Nil], write), None);
    }

    #[test]
    fn unwrapped_of_each_atomicity_is_one_reply_a_key() {
        let keys = ["a", "b"].map(str::to_owned);
        let (ok, of_a, of_b) = (Value::Okay, Value::Int(1), Value::Int(2));
        let queued = || Value::SimpleString("QUEUED".to_owned());
        let exec = |replies: &[&Value]| Value::Array(replies.iter().copied().cloned().collect());
        let key = |reply: &Value| vec![ok.clone(), queued(), exec(&[reply])];
        for (atomicity, replies) in [
            (Atomicity::Command, vec![of_a.clone(), of_b.clone()]),
            (Atomicity::Key, [key(&of_a), key(&of_b)].concat()),
            (
                Atomicity::Pipeline,
                vec![ok.clone(), queued(), queued(), exec(&[&of_a, &of_b])],
            ),
        ] {
            let unwrapped = request(&keys, atomicity).unwrapped(replies).unwrap();
            assert_eq!(unwrapped, [of_a.clone(), of_b.clone()], "{atomicity:?}");
        }
    }
}
