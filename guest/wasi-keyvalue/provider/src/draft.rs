//! `wasi:keyvalue@0.2.0-draft`.

use std::cell::RefCell;

use crate::Component;
use crate::bindings::exports::wasi::keyvalue0_2_0_draft::{batch, store};
use crate::bucket::Bucket;
use crate::cursors::Cursors;
use crate::refusal::Refusal;

/// A bucket whose cursors are numbers.
pub(crate) struct Numbered {
    bucket: Bucket,
    cursors: RefCell<Cursors>,
}

impl store::Guest for Component {
    type Bucket = Numbered;

    fn open(identifier: String) -> Result<store::Bucket, store::Error> {
        Ok(store::Bucket::new(Numbered {
            bucket: Bucket::open(&identifier)?,
            cursors: RefCell::default(),
        }))
    }
}

impl store::GuestBucket for Numbered {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, store::Error> {
        Ok(self.bucket.get(&key)?)
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<(), store::Error> {
        Ok(self.bucket.set(&key, value)?)
    }

    fn delete(&self, key: String) -> Result<(), store::Error> {
        Ok(self.bucket.delete(&key)?)
    }

    fn exists(&self, key: String) -> Result<bool, store::Error> {
        Ok(self.bucket.exists(&key)?)
    }

    fn list_keys(&self, cursor: Option<u64>) -> Result<store::KeyResponse, store::Error> {
        let text = |number| {
            let text = self.cursors.borrow().text(number);
            text.ok_or_else(|| Refusal::other("this cursor is not of this bucket, or too old"))
        };
        let cursor = cursor.map(text).transpose()?;
        let page = self.bucket.list_keys(cursor.as_deref())?;
        let tell = |text| self.cursors.borrow_mut().tell(text);
        Ok(store::KeyResponse {
            keys: page.keys,
            cursor: page.cursor.map(tell),
        })
    }
}

impl batch::Guest for Component {
    fn get_many(
        bucket: batch::BucketBorrow<'_>,
        keys: Vec<String>,
    ) -> Result<Vec<Option<(String, Vec<u8>)>>, batch::Error> {
        let values = of(&bucket).get_many(&keys)?;
        let pairs = keys.into_iter().zip(values);
        Ok(pairs.map(|(key, value)| Some((key, value?))).collect())
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
    &bucket.get::<Numbered>().bucket
}
