//! Grants: what a platform allows one application.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flipcache_core::{Options, Resilience};

use super::Tenant;
use super::limits::{Denied, Limits};

/// The permissions of one application in its host's caches: under which prefix, which names, how many,
/// how much.
///
/// Create one for each application when it is deployed, and give a clone to each of its stores.
/// Clones are the same grant and count the names that the application has opened together.
///
/// # Examples
///
/// ```
/// use flipcache::app::{Grant, Tenant};
///
/// let tenant = Tenant::new("acme")?;
/// let grant = Grant::builder(tenant).name("user").names_beginning("job-").max_names(4).build();
/// # Ok::<(), flipcache::app::InvalidTenant>(())
/// ```
#[derive(Clone, Debug)]
pub struct Grant {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    tenant: Tenant,
    names: Names,
    limits: Limits,
    own: Own,
    /// The names that were opened, in any store.
    opened: Mutex<HashSet<Box<str>>>,
    /// Whether a refused name has been logged, so that an application that retries does not fill
    /// the log.
    is_refusal_logged: AtomicBool,
}

/// Options that the host sets in place of the application's.
#[derive(Clone, Debug, Default)]
struct Own {
    options: Option<Options>,
    resilience: Option<Resilience>,
}

/// The names that may be opened. All, if none is listed.
#[derive(Clone, Debug, Default)]
struct Names {
    exact: HashSet<Box<str>>,
    beginnings: Vec<Box<str>>,
}

impl Grant {
    /// Returns a builder of a grant, with the defaults that its methods document.
    pub fn builder(tenant: Tenant) -> GrantBuilder {
        GrantBuilder {
            tenant,
            names: Names::default(),
            limits: Limits::default(),
            own: Own::default(),
        }
    }

    /// Returns the tenant whose prefix the names have.
    pub fn tenant(&self) -> &Tenant {
        &self.inner.tenant
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Returns the options of a cache: those that the application requests, within its limits, or
    /// those that the host sets.
    pub(super) fn options(&self, requested: Options) -> Options {
        let Some(own) = &self.inner.own.options else {
            return self.limits().bound(requested);
        };
        let max_bytes = self.limits().max_local_bytes;
        Options {
            key_type: requested.key_type,
            value_type: requested.value_type,
            default: requested.default,
            store_default: requested.store_default,
            local_max_bytes: own.local_max_bytes.or(Some(max_bytes)),
            ..own.clone()
        }
    }

    /// Returns the options for failures of the backend.
    pub(super) fn resilience(&self, requested: Resilience) -> Resilience {
        self.inner.own.resilience.unwrap_or(requested)
    }

    /// Records that a name is opened, if it may be. The first refusal is logged.
    pub(super) fn admit(&self, name: &str) -> Result<(), Denied> {
        let admitted = self.try_admit(name);
        if let Err(denied) = &admitted
            && !self.inner.is_refusal_logged.swap(true, Ordering::Relaxed)
        {
            let tenant = self.tenant().as_str();
            tracing::warn!(
                tenant,
                "an application was refused a cache: {denied}{}; further refusals are not logged",
                denied.option()
            );
        }
        admitted
    }

    fn try_admit(&self, name: &str) -> Result<(), Denied> {
        if !self.inner.names.has(name) {
            return Err(Denied::Name);
        }
        let opened = self.inner.opened.lock();
        let mut opened = opened.unwrap_or_else(PoisonError::into_inner);
        if opened.contains(name) {
            return Ok(());
        }
        let max_names = self.limits().max_names;
        if opened.len() >= max_names {
            return Err(Denied::Names(max_names));
        }
        opened.insert(name.into());
        Ok(())
    }
}

impl Names {
    fn has(&self, name: &str) -> bool {
        let all = self.exact.is_empty() && self.beginnings.is_empty();
        let mut beginnings = self.beginnings.iter();
        all || self.exact.contains(name)
            || beginnings.any(|beginning| name.starts_with(&**beginning))
    }
}

/// A builder of a [`Grant`].
#[derive(Clone, Debug)]
#[must_use = "nothing is granted until `build`"]
pub struct GrantBuilder {
    tenant: Tenant,
    names: Names,
    limits: Limits,
    own: Own,
}

impl GrantBuilder {
    /// Grants a name, and only those listed. By default, all names of the tenant are granted.
    ///
    /// Names nest: key `admin:1` of `user` is key `1` of `user:admin`. So `user` reaches everything
    /// in names that begin with `user:`.
    pub fn name(mut self, name: &str) -> Self {
        self.names.exact.insert(name.into());
        self
    }

    /// Grants every name that begins with this, and only those listed.
    pub fn names_beginning(mut self, beginning: &str) -> Self {
        self.names.beginnings.push(beginning.into());
        self
    }

    /// Sets how many different names the application may open during the grant's lifetime, in all
    /// its stores together. 16 by default.
    ///
    /// In addition, the names of one tenant that are open at the same time may take at most an
    /// eighth of the room for names of a [client](crate::Shards::memory). Another name is `denied`.
    pub fn max_names(mut self, names: usize) -> Self {
        self.limits.max_names = names;
        self
    }

    /// Sets how many caches and dictionaries a store may have open at the same time. 64 by default.
    /// Another cache is `denied`; another dictionary is `too-large`, the closest error of that
    /// interface.
    pub fn max_handles(mut self, handles: usize) -> Self {
        self.limits.max_handles = handles;
        self
    }

    /// Sets how many entries the local tier of one cache may hold. 10,000 by default. An
    /// application that requests more gets this number.
    pub fn max_local_entries(mut self, entries: u32) -> Self {
        self.limits.max_local_entries = entries;
        self
    }

    /// Sets how many bytes of keys and values the local tier of one cache may hold. An application
    /// that requests more, or sets no bound, gets this number.
    ///
    /// 8 MiB by default, so that an application with the default number of names can fill an eighth
    /// of a client's local tiers.
    pub fn max_local_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_local_bytes = bytes;
        self
    }

    /// Sets how many keys one call may name; more are `denied`. A page of keys has no more either.
    /// 1,024 by default.
    pub fn max_batch(mut self, keys: usize) -> Self {
        self.limits.max_batch = keys;
        self
    }

    /// Sets how many bytes a value may have that the application writes or uses as a default. A
    /// longer one is `too-large`. 1 MiB by default.
    ///
    /// A value longer than [`max_answer_bytes`](Self::max_answer_bytes) can be written but not
    /// read. The store's `hostcall_fuel` must allow for its bytes, too.
    pub fn max_value_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_value_bytes = bytes;
        self
    }

    /// Sets how many bytes of values one call may return; more are `too-large`. 64 MiB by default.
    /// A value counts once for each mention of its key, but is read once.
    ///
    /// `get-many` reads L2 in parts whose values fit, provided that all writers respect
    /// [`max_value_bytes`]. So the host holds at most twice as much for one call.
    ///
    /// [`max_value_bytes`]: Self::max_value_bytes
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_answer_bytes = bytes;
        self
    }

    /// Sets how many bytes all dictionaries of a store may hold together, including the overhead of
    /// each item. 16 MiB by default.
    pub fn dict_bytes(mut self, bytes: u64) -> Self {
        self.limits.dict_bytes = bytes;
        self
    }

    /// Sets the options of all caches of the application, whatever it requests: bounds, eviction,
    /// TTL and its refreshing on reads. Types of keys and values and the default remain the
    /// application's. Without this, all options do.
    ///
    /// For applications that cannot set options because they were written for `wasi:keyvalue`. The
    /// other methods do not bound these options, with one exception: without a bound in bytes,
    /// [`max_local_bytes`] applies. If the options are not valid, the application gets
    /// `invalid-options`.
    ///
    /// [`max_local_bytes`]: Self::max_local_bytes
    pub fn options(mut self, options: Options) -> Self {
        self.own.options = Some(options);
        self
    }

    /// Sets how all caches of the application behave when the backend fails, whatever it requests.
    pub fn resilience(mut self, resilience: Resilience) -> Self {
        self.own.resilience = Some(resilience);
        self
    }

    /// Builds the grant.
    pub fn build(self) -> Grant {
        Grant {
            inner: Arc::new(Inner {
                tenant: self.tenant,
                names: self.names,
                limits: self.limits,
                own: self.own,
                opened: Mutex::default(),
                is_refusal_logged: AtomicBool::new(false),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use flipcache_core::{Eviction, Value, ValueType};

    use super::*;

    fn builder() -> GrantBuilder {
        Grant::builder(Tenant::new("acme").expect("it is valid"))
    }

    #[test]
    fn admit_any_name_unless_some_are_listed() {
        assert_eq!(builder().build().admit("anything"), Ok(()));
        let grant = builder().name("user").names_beginning("job-").build();
        for name in ["user", "job-", "job-1:x"] {
            assert_eq!(grant.admit(name), Ok(()), "{name}");
        }
        for name in ["users", "user:admin", "job", "acme:user"] {
            assert_eq!(grant.admit(name), Err(Denied::Name), "{name}");
        }
    }

    #[test]
    fn options_of_the_host_stand_in_for_all_but_the_types_and_the_default() {
        let requested = Options {
            local_max: 5,
            ttl: None,
            value_type: ValueType::Bytes,
            default: Some(Value::Bytes(vec![1])),
            ..Options::default()
        };
        let own = Options {
            local_max: 50_000,
            eviction: Eviction::Lru,
            ttl: Some(Duration::from_secs(9)),
            value_type: ValueType::Json,
            ..Options::default()
        };
        let granted = builder()
            .options(own.clone())
            .build()
            .options(requested.clone());
        let expected = Options {
            value_type: ValueType::Bytes,
            default: requested.default.clone(),
            local_max_bytes: Some(8 << 20),
            ..own
        };
        assert_eq!(granted, expected);
        let within_limits = builder().build().options(requested.clone());
        assert_eq!((within_limits.local_max, within_limits.ttl), (5, None));
    }

    #[test]
    fn resilience_of_the_host_stands_in_for_the_requested_one() {
        let lenient = Resilience {
            stale_on_error: Duration::from_secs(60),
            ..Resilience::default()
        };
        let requested = Resilience::default();
        let granted = builder().resilience(lenient).build().resilience(requested);
        assert_eq!(granted, lenient);
        assert_eq!(builder().build().resilience(lenient), lenient);
    }

    #[test]
    fn admit_more_names_than_granted_is_denied_to_every_clone() {
        let grant = builder().max_names(2).build();
        for name in ["a", "b", "a"] {
            assert_eq!(grant.clone().admit(name), Ok(()), "{name}");
        }
        assert_eq!(grant.admit("c"), Err(Denied::Names(2)));
        assert_eq!(grant.admit("b"), Ok(()), "it is one of the two");
    }
}
