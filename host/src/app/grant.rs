//! What a platform allows one application.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flipcache_core::{Options, Resilience};

use super::Tenant;
use super::limits::{Denied, Limits};

/// What one application may do with the caches that its host gives it: under whose prefix, which names,
/// how many, how much.
///
/// Make one for each application, when it is deployed, and give a clone to each of its stores: clones
/// are the same grant, and count the names that the application has opened together.
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
    /// A refused name has been logged: an application that asks again and again does not fill the log.
    is_refusal_logged: AtomicBool,
}

/// What the host says of the caches, in the place of the application.
#[derive(Clone, Debug, Default)]
struct Own {
    options: Option<Options>,
    resilience: Option<Resilience>,
}

/// The names that may be opened. All, as long as none is listed.
#[derive(Clone, Debug, Default)]
struct Names {
    exact: HashSet<Box<str>>,
    beginnings: Vec<Box<str>>,
}

impl Grant {
    /// A grant with the defaults that the builder's methods tell.
    pub fn builder(tenant: Tenant) -> GrantBuilder {
        GrantBuilder {
            tenant,
            names: Names::default(),
            limits: Limits::default(),
            own: Own::default(),
        }
    }

    /// Whose prefix the names stand behind.
    pub fn tenant(&self) -> &Tenant {
        &self.inner.tenant
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// What a cache is like that an application asks for: what it asks for within its limits, or what the
    /// host says.
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

    /// How it behaves when things go wrong.
    pub(super) fn resilience(&self, requested: Resilience) -> Resilience {
        self.inner.own.resilience.unwrap_or(requested)
    }

    /// Notes that a name is opened, if it may be. The first refusal is logged.
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

/// Makes a [`Grant`].
#[derive(Clone, Debug)]
#[must_use = "nothing is granted until `build`"]
pub struct GrantBuilder {
    tenant: Tenant,
    names: Names,
    limits: Limits,
    own: Own,
}

impl GrantBuilder {
    /// Grants a name, and none but those listed. By default, all names of the tenant are granted.
    ///
    /// Names nest: key `admin:1` of `user` is key `1` of `user:admin`, so that `user` reaches what stands
    /// in every name that begins `user:`.
    pub fn name(mut self, name: &str) -> Self {
        self.names.exact.insert(name.into());
        self
    }

    /// Grants every name that begins so, and none but those listed.
    pub fn names_beginning(mut self, beginning: &str) -> Self {
        self.names.beginnings.push(beginning.into());
        self
    }

    /// How many different names the application may open in the life of the grant, all its stores
    /// together. 16 by default.
    ///
    /// Beside that, all names of one tenant that are open at one time are no more than an eighth of those that a
    /// [client](crate::Shards::memory) has room for; one more is `denied`.
    pub fn max_names(mut self, names: usize) -> Self {
        self.limits.max_names = names;
        self
    }

    /// How many caches and dictionaries a store may have open at one time. One cache more is `denied`;
    /// one dictionary more is `too-large`, for want of a better word in the interface. 64 by default.
    pub fn max_handles(mut self, handles: usize) -> Self {
        self.limits.max_handles = handles;
        self
    }

    /// How many entries the local tier of one cache may hold; an application that asks for more gets
    /// these. 10,000 by default.
    pub fn max_local_entries(mut self, entries: u32) -> Self {
        self.limits.max_local_entries = entries;
        self
    }

    /// How many bytes of keys and values the local tier of one cache may hold; an application that asks
    /// for more, or names no bound, gets these. 8 MiB by default, so that an application with the
    /// default number of names can fill an eighth of a client's local tiers.
    pub fn max_local_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_local_bytes = bytes;
        self
    }

    /// How many keys one call may name; more are `denied`. A page of keys has no more either. 1,024 by
    /// default.
    pub fn max_batch(mut self, keys: usize) -> Self {
        self.limits.max_batch = keys;
        self
    }

    /// How long a value may be that the application writes, or has as a default, in bytes; a longer one
    /// is `too-large`. 1 MiB by default.
    ///
    /// One that is longer than [`max_answer_bytes`](Self::max_answer_bytes) can be written and not read. The store's
    /// `hostcall_fuel` has to allow for its bytes, too.
    pub fn max_value_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_value_bytes = bytes;
        self
    }

    /// How many bytes of values one call may answer; more are `too-large`. 64 MiB by default. A value counts as often
    /// as its key is named, and is read once.
    ///
    /// `get-many` asks L2 in parts such that the values of each fit, as long as [`max_value_bytes`] and
    /// no other writer made them: the host holds no more than twice as much for one call.
    ///
    /// [`max_value_bytes`]: Self::max_value_bytes
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_answer_bytes = bytes;
        self
    }

    /// How many bytes all dictionaries of a store may hold together, what an item costs beside its key
    /// and value among them. 16 MiB by default.
    pub fn dict_bytes(mut self, bytes: u64) -> Self {
        self.limits.dict_bytes = bytes;
        self
    }

    /// What all caches of the application are like, whatever it asks for: bounds, eviction, TTL and its refreshing.
    /// Types of keys and values and the default stay the application's, and so does all else without this.
    ///
    /// For applications that cannot ask, because they were written for `wasi:keyvalue`. The other methods do not
    /// bound these options, but in one place: without a bound in bytes, [`max_local_bytes`] is the bound. Options
    /// that are none are `invalid-options` to the application.
    ///
    /// [`max_local_bytes`]: Self::max_local_bytes
    pub fn options(mut self, options: Options) -> Self {
        self.own.options = Some(options);
        self
    }

    /// How all caches of the application behave when things go wrong, whatever it asks for.
    pub fn resilience(mut self, resilience: Resilience) -> Self {
        self.own.resilience = Some(resilience);
        self
    }

    /// The grant.
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
    fn resilience_of_the_host_stands_in_for_what_is_asked() {
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
