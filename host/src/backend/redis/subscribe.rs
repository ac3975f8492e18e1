//! Subscribing a connection to invalidations of one more bucket.

use tokio::time::Instant;

use super::connection::Connection;
use super::failure::Failure;
use super::tracking::Missing;
use crate::backend::{BackendError, Bucket, time};

/// How many connections are tried for one bucket before the subscription fails.
const ATTEMPTS: usize = 3;

impl Connection {
    /// Makes the server publish changes in a bucket.
    ///
    /// Runs as a task of the backend's runtime, because concurrent subscriptions take turns: a
    /// caller whose future is not polled must not block them.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and `Unavailable` if other subscriptions take until `deadline`.
    pub(super) async fn subscribe(
        &self,
        bucket: &Bucket,
        deadline: Instant,
    ) -> Result<(), BackendError> {
        let Some(tracking) = &self.shared.tracking else {
            return Ok(());
        };
        tracking.add_bucket(bucket);
        let (connection, bucket) = (self.clone(), bucket.clone());
        let subscribe = async move { connection.subscribe_now(&bucket, deadline).await };
        let subscribed = self.handle.spawn(subscribe).await;
        subscribed.unwrap_or_else(|broken| Err(BackendError::Other(Box::new(broken))))
    }

    async fn subscribe_now(&self, bucket: &Bucket, deadline: Instant) -> Result<(), BackendError> {
        let Some(tracking) = &self.shared.tracking else {
            return Ok(());
        };
        let turn = time::within(&self.handle, deadline, tracking.subscribing.lock()).await;
        let _turn = turn.map_err(|_| BackendError::from(Failure::Lost))?;
        for _ in 0..ATTEMPTS {
            let (mut connection, number) = self.acquire(deadline).await?;
            match tracking.missing(bucket, number) {
                Missing::Nothing => return Ok(()),
                Missing::Connection => {}
                Missing::Prefix => {
                    let pipeline = tracking.track_bucket(bucket);
                    let replies = connection.send_packed_commands(&pipeline, 0, 1);
                    if let Ok(Ok(replies)) = time::within(&self.handle, deadline, replies).await
                        && tracking.bucket_tracked(bucket, number, &replies)
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
