//! Tenants: prefixes that separate the keys of applications.

use flipcache_core::{InvalidName, MAX_NAME_BYTES, check_name};

/// The longest tenant, in bytes.
pub const MAX_TENANT_BYTES: usize = 64;

/// The longest name that an application behind a tenant's prefix can open, in bytes. The same for
/// every tenant, so that it does not reveal the prefix's length.
const MAX_INNER_NAME_BYTES: usize = MAX_NAME_BYTES - MAX_TENANT_BYTES - 1;

/// An owner of names. If an application of the tenant `acme` opens `user`, the host opens
/// `acme:user`, and its keys are stored at `acme:user:KEY`. The application can neither name
/// anything else nor see the prefix.
///
/// A program that opens `acme` itself, without a tenant, opens the bucket that contains all of
/// them.
///
/// # Examples
///
/// ```
/// use flipcache::app::Tenant;
///
/// let tenant = Tenant::new("acme")?;
/// assert_eq!(tenant.as_str(), "acme");
/// assert!(Tenant::new("").is_err() && Tenant::new("acme:user").is_err());
/// # Ok::<(), flipcache::app::InvalidTenant>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tenant(Box<str>);

/// The reason why a text is not a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTenant {
    /// An empty prefix would cover the names of all tenants.
    #[error("a tenant cannot be empty")]
    Empty,
    /// With a colon in it, one tenant could be inside another's prefix.
    #[error("a tenant cannot have a colon in it")]
    Colon,
    /// It is longer than [`MAX_TENANT_BYTES`].
    #[error("a tenant cannot be longer than {MAX_TENANT_BYTES} bytes")]
    TooLong,
}

/// The reason why an application cannot open a name. Its texts do not mention the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidInnerName {
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("a name cannot be longer than {MAX_INNER_NAME_BYTES} bytes")]
    TooLong,
}

impl Tenant {
    /// Creates a tenant.
    ///
    /// # Errors
    ///
    /// [`InvalidTenant`] if it is empty, has a colon in it, or is longer than [`MAX_TENANT_BYTES`].
    pub fn new(tenant: &str) -> Result<Self, InvalidTenant> {
        match tenant.len() {
            0 => Err(InvalidTenant::Empty),
            _ if tenant.contains(':') => Err(InvalidTenant::Colon),
            1..=MAX_TENANT_BYTES => Ok(Self(tenant.into())),
            _ => Err(InvalidTenant::TooLong),
        }
    }

    /// Returns the tenant as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the host's name for what an application of this tenant calls `name`.
    pub(crate) fn full_name(&self, name: &str) -> Result<String, InvalidInnerName> {
        check_name(name)?;
        if name.len() > MAX_INNER_NAME_BYTES {
            return Err(InvalidInnerName::TooLong);
        }
        Ok(format!("{}:{name}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_empty_or_with_a_colon_or_too_long_is_refused() {
        let longest = "t".repeat(MAX_TENANT_BYTES);
        assert!(Tenant::new(&longest).is_ok());
        for (tenant, why) in [
            ("", InvalidTenant::Empty),
            (":", InvalidTenant::Colon),
            ("a:b", InvalidTenant::Colon),
            ("a:", InvalidTenant::Colon),
            (&format!("{longest}t"), InvalidTenant::TooLong),
        ] {
            assert_eq!(Tenant::new(tenant), Err(why), "{tenant:?}");
        }
    }

    #[test]
    fn full_name_of_any_tenant_has_the_same_longest_name() {
        let longest = "n".repeat(MAX_INNER_NAME_BYTES);
        for tenant in ["t", &"t".repeat(MAX_TENANT_BYTES)] {
            let tenant = Tenant::new(tenant).expect("it is valid");
            let full_name = tenant.full_name(&longest).expect("it is no longer");
            assert_eq!(check_name(&full_name), Ok(()));
            let too_long = tenant.full_name(&format!("{longest}n"));
            assert_eq!(too_long, Err(InvalidInnerName::TooLong));
        }
    }

    #[test]
    fn full_name_begins_with_the_tenant_whatever_the_name() {
        let tenant = Tenant::new("acme").expect("it is valid");
        for name in ["user", "other:user", ":", "*", "../other", "\0"] {
            let full_name = tenant.full_name(name).expect("a name may be anything");
            assert_eq!(full_name.strip_prefix("acme:"), Some(name));
        }
        let empty = tenant.full_name("");
        assert_eq!(empty, Err(InvalidInnerName::Name(InvalidName::Empty)));
    }
}
