//! How callers make a connection follow one bucket more.

use tokio::time::Instant;

use super::connection::{Connection, Failure};
use super::tracking::Missing;
use crate::backend::{BackendError, Bucket, time};

/// How often a connection is prepared for one bucket, before that is given up.
const ATTEMPTS: usize = 3;

impl Connection {
    /// Makes the server tell of changes in a bucket.
    ///
    /// It runs as a task of the backend's runtime, as it waits for others that do the same: a caller whose
    /// future is not polled must not hold them up.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and `Unavailable` if others hold it up until `deadline`.
    pub(super) async fn subscribe(
        &self,
        bucket: &Bucket,
        deadline: Instant,
    ) -> Result<(), BackendError> {
        let Some(tracking) = &self.shared.tracking else {
            return Ok(());
        };
        tracking.want(bucket);
        let (connection, bucket) = (self.clone(), bucket.clone());
        let follow = async move { connection.follow(&bucket, deadline).await };
        let followed = self.handle.spawn(follow).await;
        followed.unwrap_or_else(|broken| Err(BackendError::Other(Box::new(broken))))
    }

    async fn follow(&self, bucket: &Bucket, deadline: Instant) -> Result<(), BackendError> {
        let Some(tracking) = &self.shared.tracking else {
            return Ok(());
        };
        let turn = time::within(&self.handle, deadline, tracking.turn.lock()).await;
        let _turn = turn.map_err(|_| BackendError::from(Failure::Lost))?;
        for _ in 0..ATTEMPTS {
            let (mut connection, number) = self.up(deadline).await?;
            match tracking.missing(bucket, number) {
                Missing::Nothing => return Ok(()),
                Missing::Connection => {}
                Missing::Prefix => {
                    let pipeline = tracking.following(bucket);
                    let replies = connection.send_packed_commands(&pipeline, 0, 1);
                    if let Ok(Ok(replies)) = time::within(&self.handle, deadline, replies).await
                        && tracking.answered(bucket, number, &replies)
                    {
                        return Ok(());
                    }
                }
            }
            self.shared.lose(number);
        }
        Err(Failure::Lost.into())
    }
}
