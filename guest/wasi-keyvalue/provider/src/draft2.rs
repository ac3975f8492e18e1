//! `wasi:keyvalue@0.2.0-draft2`.

use crate::Component;
use crate::bindings::exports::wasi::keyvalue0_2_0_draft2::{batch, store};
use crate::bucket::Bucket;

impl store::Guest for Component {
    type Bucket = Bucket;

    fn open(identifier: String) -> Result<store::Bucket, store::Error> {
        Ok(store::Bucket::new(Bucket::open(&identifier)?))
    }
}

impl store::GuestBucket for Bucket {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, store::Error> {
        Ok(self.get(&key)?)
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<(), store::Error> {
        Ok(self.set(&key, value)?)
    }

    fn delete(&self, key: String) -> Result<(), store::Error> {
        Ok(self.delete(&key)?)
    }

    fn exists(&self, key: String) -> Result<bool, store::Error> {
        Ok(self.exists(&key)?)
    }

    fn list_keys(&self, cursor: Option<String>) -> Result<store::KeyResponse, store::Error> {
        let page = self.list_keys(cursor.as_deref())?;
        Ok(store::KeyResponse {
            keys: page.keys,
            cursor: page.cursor,
        })
    }
}

impl batch::Guest for Component {
    fn get_many(
        bucket: batch::BucketBorrow<'_>,
        keys: Vec<String>,
    ) -> Result<Vec<(String, Option<Vec<u8>>)>, batch::Error> {
        let values = of(&bucket).get_many(&keys)?;
        Ok(keys.into_iter().zip(values).collect())
    }

    fn set_many(
        bucket: batch::BucketBorrow<'_>,
        entries: Vec<(String, Vec<u8>)>,
    ) -> Result<(), batch::Error> {
        Ok(of(&bucket).set_many(entries)?)
    }

    fn delete_many(bucket: batch::BucketBorrow<'_>, keys: Vec<String>) -> Result<(), batch::Error> {
        Ok(of(&bucket).delete_many(&keys)?)
    }
}

fn of<'a>(bucket: &'a batch::BucketBorrow<'_>) -> &'a Bucket {
    bucket.get()
}
