//! A host with `wasi:keyvalue` of both drafts over one map, which can be written beside the
//! component, and fails on told. What wasmtime's own does stands in `wasmtimes`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};

#[allow(missing_docs, unreachable_pub, reason = "generated code")]
mod draft {
    wasmtime::component::bindgen!({
        path: "../guest/wasi-keyvalue/wit/draft",
        inline: "
            package test:host;

            world host {
                import wasi:keyvalue/store@0.2.0-draft;
                import wasi:keyvalue/batch@0.2.0-draft;
            }
        ",
        world: "test:host/host",
        with: { "wasi:keyvalue/store.bucket": super::Bucket },
    });
}

#[allow(missing_docs, unreachable_pub, reason = "generated code")]
mod draft2 {
    wasmtime::component::bindgen!({
        path: "../guest/wasi-keyvalue/wit/draft2",
        inline: "
            package test:host;

            world host {
                import wasi:keyvalue/store@0.2.0-draft2;
                import wasi:keyvalue/batch@0.2.0-draft2;
            }
        ",
        world: "test:host/host",
        with: { "wasi:keyvalue/store.bucket": super::Bucket },
    });
}

/// What an open bucket is to the host.
#[expect(unreachable_pub, reason = "generated code names it")]
pub struct Bucket(String);

/// How the host fails.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    NoSuchStore,
    Denied,
    Other,
}

/// What the host has.
#[derive(Default)]
pub(super) struct Held {
    /// By identifier, which is the store's, and key.
    pub(super) stores: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// For each call but `open`.
    pub(super) fault: Option<Fault>,
    /// For each call that writes.
    pub(super) write_fault: Option<Fault>,
    /// For `open`.
    pub(super) open_fault: Option<Fault>,
    /// Keys of a page; `None`: all in one.
    pub(super) page: Option<usize>,
    /// The functions that were called since they were last taken.
    pub(super) calls: Vec<&'static str>,
}

/// The host, and its store's data for a component.
#[derive(Clone, Default)]
pub(super) struct Host(Arc<Mutex<Held>>);

pub(super) struct HostData {
    host: Host,
    table: ResourceTable,
}

impl Host {
    /// With stores of these identifiers.
    pub(super) fn with<const N: usize>(identifiers: [&str; N]) -> Self {
        let host = Self::default();
        let stores = identifiers.map(|identifier| (identifier.to_owned(), BTreeMap::new()));
        host.held().stores.extend(stores);
        host
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().expect("no test panics with it")
    }

    /// Returns what its only store holds.
    pub(super) fn raw(&self, key: &str) -> Option<Vec<u8>> {
        let held = self.held();
        let store = held.stores.values().next().expect("there is one");
        store.get(key).cloned()
    }

    /// Writes its only store beside the component.
    pub(super) fn put(&self, key: &str, value: &[u8]) {
        let mut held = self.held();
        let store = held.stores.values_mut().next().expect("there is one");
        store.insert(key.to_owned(), value.to_vec());
    }

    /// Returns the functions that were called since the last time.
    pub(super) fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.held().calls)
    }

    pub(super) fn data(&self) -> HostData {
        HostData {
            host: self.clone(),
            table: ResourceTable::new(),
        }
    }

    pub(super) fn add_to_linker(linker: &mut Linker<HostData>) -> wasmtime::Result<()> {
        draft::Host_::add_to_linker::<_, HasSelf<HostData>>(linker, |data| data)?;
        draft2::Host_::add_to_linker::<_, HasSelf<HostData>>(linker, |data| data)
    }

    /// Notes a call, and fails it if it is to fail.
    fn called(&self, function: &'static str) -> Result<MutexGuard<'_, Held>, Fault> {
        let mut held = self.held();
        held.calls.push(function);
        let is_write = function.starts_with("set") || function.starts_with("delete");
        match held.fault.or(held.write_fault.filter(|_| is_write)) {
            Some(fault) => Err(fault),
            None => Ok(held),
        }
    }
}

impl Held {
    fn store(&mut self, identifier: &str) -> &mut BTreeMap<String, Vec<u8>> {
        let store = self.stores.get_mut(identifier);
        store.expect("an open store stays")
    }

    /// Keys from a number on, and the next number.
    fn list(&mut self, identifier: &str, from: usize) -> (Vec<String>, Option<usize>) {
        let page = self.page.unwrap_or(usize::MAX);
        let store = self.store(identifier);
        let end = from.saturating_add(page).min(store.len());
        let keys = store
            .keys()
            .skip(from)
            .take(end.saturating_sub(from))
            .cloned();
        (keys.collect(), (end < store.len()).then_some(end))
    }
}

/// The interfaces of a draft. They differ in the types of cursors and of the result of `get-many`.
macro_rules! serve {
    ($draft:ident, $cursor:ty, $parse:expr, $tell:expr, $pair:ty, $answer:expr) => {
        const _: () = {
            use $draft::wasi::keyvalue::{batch, store};

            impl From<Fault> for store::Error {
                fn from(fault: Fault) -> Self {
                    match fault {
                        Fault::NoSuchStore => Self::NoSuchStore,
                        Fault::Denied => Self::AccessDenied,
                        Fault::Other => Self::Other("the network is down".to_owned()),
                    }
                }
            }

            impl store::Host for HostData {
                fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, store::Error> {
                    let held = self.host.held();
                    if let Some(fault) = held.open_fault {
                        return Err(fault.into());
                    }
                    if !held.stores.contains_key(&identifier) {
                        return Err(store::Error::NoSuchStore);
                    }
                    drop(held);
                    let bucket = self.table.push(Bucket(identifier));
                    Ok(bucket.expect("there must be room"))
                }
            }

            impl store::HostBucket for HostData {
                fn get(
                    &mut self,
                    this: Resource<Bucket>,
                    key: String,
                ) -> Result<Option<Vec<u8>>, store::Error> {
                    let Bucket(name) = self.table.get(&this).expect("it is open");
                    Ok(self.host.called("get")?.store(name).get(&key).cloned())
                }

                fn set(
                    &mut self,
                    this: Resource<Bucket>,
                    key: String,
                    value: Vec<u8>,
                ) -> Result<(), store::Error> {
                    let Bucket(name) = self.table.get(&this).expect("it is open");
                    self.host.called("set")?.store(name).insert(key, value);
                    Ok(())
                }

                fn delete(
                    &mut self,
                    this: Resource<Bucket>,
                    key: String,
                ) -> Result<(), store::Error> {
                    let Bucket(name) = self.table.get(&this).expect("it is open");
                    self.host.called("delete")?.store(name).remove(&key);
                    Ok(())
                }

                fn exists(
                    &mut self,
                    this: Resource<Bucket>,
                    key: String,
                ) -> Result<bool, store::Error> {
                    let Bucket(name) = self.table.get(&this).expect("it is open");
                    Ok(self.host.called("exists")?.store(name).contains_key(&key))
                }

                fn list_keys(
                    &mut self,
                    this: Resource<Bucket>,
                    cursor: Option<$cursor>,
                ) -> Result<store::KeyResponse, store::Error> {
                    let Bucket(name) = self.table.get(&this).expect("it is open");
                    let from = cursor.map_or(0, $parse);
                    let (keys, next) = self.host.called("list-keys")?.list(name, from);
                    Ok(store::KeyResponse {
                        keys,
                        cursor: next.map($tell),
                    })
                }

                fn drop(&mut self, this: Resource<Bucket>) -> wasmtime::Result<()> {
                    self.table.delete(this)?;
                    Ok(())
                }
            }

            impl batch::Host for HostData {
                fn get_many(
                    &mut self,
                    this: Resource<Bucket>,
                    keys: Vec<String>,
                ) -> Result<Vec<$pair>, store::Error> {
                    let Bucket(name) = self.table.get(&this).expect("it is open");
                    let mut held = self.host.called("get-many")?;
                    let store = held.store(name);
                    let answer = |key: String| {
                        let value = store.get(&key).cloned();
                        $answer(key, value)
                    };
                    Ok(keys.into_iter().map(answer).collect())
                }

                fn set_many(
                    &mut self,
                    this: Resource<Bucket>,
                    entries: Vec<(String, Vec<u8>)>,
                ) -> Result<(), store::Error> {
                    let Bucket(name) = self.table.get(&this).expect("it is open");
                    self.host.called("set-many")?.store(name).extend(entries);
                    Ok(())
                }

                fn delete_many(
                    &mut self,
                    this: Resource<Bucket>,
                    keys: Vec<String>,
                ) -> Result<(), store::Error> {
                    let Bucket(name) = self.table.get(&this).expect("it is open");
                    let mut held = self.host.called("delete-many")?;
                    held.store(name).retain(|key, _| !keys.contains(key));
                    Ok(())
                }
            }
        };
    };
}

serve!(
    draft,
    u64,
    |cursor| usize::try_from(cursor).expect("a cursor of ours"),
    |next| next as u64,
    Option<(String, Vec<u8>)>,
    |key, value: Option<Vec<u8>>| value.map(|value| (key, value))
);

serve!(
    draft2,
    String,
    |cursor: String| cursor
        .strip_prefix("from-")
        .and_then(|cursor| cursor.parse().ok())
        .expect("a cursor of ours"),
    |next| format!("from-{next}"),
    (String, Option<Vec<u8>>),
    |key, value| (key, value)
);
