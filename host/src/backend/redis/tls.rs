//! The certificates for TLS: the trusted roots, and the client's own.
//!
//! Files are PEM: <https://www.rfc-editor.org/rfc/rfc7468>. They are read and checked once, before
//! any connection, as retrying does not repair a wrong file.

use std::path::{Path, PathBuf};
use std::{fs, io};

use ::redis::{Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, TlsCertificates};
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::backend::Cause;

/// The files for connections to a `rediss://` address. By default, the platform's root certificates
/// are trusted, and no client certificate is sent.
///
/// Nothing switches the verification of the server's certificate off.
///
/// # Examples
///
/// ```no_run
/// use flipcache::backend::redis::TlsOptions;
/// use flipcache::backend::{self, BackendOptions};
///
/// let options = BackendOptions {
///     tls: TlsOptions {
///         ca: Some("root.pem".into()),
///         ..TlsOptions::default()
///     },
///     ..BackendOptions::default()
/// };
/// let url = "rediss://app:secret@cache.example".parse()?;
/// let backend = backend::open(&url, &options, flipcache::io::runtime()?)?;
/// let client = flipcache::Client::builder(backend).build()?;
/// # Ok::<(), flipcache::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Root certificates that are trusted instead of the platform's. If the platform has some, they
    /// must be readable all the same.
    pub ca: Option<PathBuf>,
    /// The client certificate for servers that ask for one, and the chain that leads from it to a
    /// root. It needs a [`key`](Self::key).
    pub cert: Option<PathBuf>,
    /// The private key of [`cert`](Self::cert), without a passphrase.
    pub key: Option<PathBuf>,
}

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// Files are named, but the address is not one over TLS.
    #[error("certificates need an address over TLS, such as rediss://HOST")]
    NotOverTls,
    /// The file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate in PEM form", .0.display())]
    NoCertificate(PathBuf),
    /// The file holds a certificate that cannot be parsed.
    #[error("{} holds a certificate that cannot be parsed", .0.display())]
    BadCertificate(PathBuf),
    /// The file holds no private key.
    #[error("{} holds no private key in PEM form that needs no passphrase", .0.display())]
    NoKey(PathBuf),
    /// A certificate is named without a key.
    #[error("a client's certificate needs the file of its private key")]
    CertificateWithoutKey,
    /// A key is named without a certificate.
    #[error("a client's private key needs the file of its certificate")]
    KeyWithoutCertificate,
    /// The certificate does not fit the key, or cannot be used.
    #[error("the client's certificate and private key cannot be used together")]
    Unfit(#[source] Cause),
}

/// Returns the same address with the contents of the files.
pub(super) fn with_certificates(
    info: ConnectionInfo,
    options: &TlsOptions,
) -> Result<ConnectionInfo, TlsError> {
    if *options == TlsOptions::default() {
        return Ok(info);
    }
    if !is_over_tls(&info) {
        return Err(TlsError::NotOverTls);
    }
    let certificates = TlsCertificates {
        client_tls: identity(options)?,
        root_cert: options.ca.as_deref().map(roots).transpose()?,
    };
    let client = Client::build_with_tls(info, certificates);
    let client = client.map_err(|error| TlsError::Unfit(Box::new(error)))?;
    Ok(client.get_connection_info().clone())
}

/// Installs a default provider of cryptography if there is none.
///
/// redis-rs uses the process's default. If the program links several providers, rustls has no
/// default and panics.
pub(super) fn provide_cryptography(info: &ConnectionInfo) {
    if is_over_tls(info) && CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster.
        let _ = ring::default_provider().install_default();
    }
}

fn is_over_tls(info: &ConnectionInfo) -> bool {
    matches!(info.addr(), ConnectionAddr::TcpTls { .. })
}

/// Returns the text of a file of root certificates.
fn roots(file: &Path) -> Result<Vec<u8>, TlsError> {
    let text = read(file)?;
    let mut roots = RootCertStore::empty();
    for root in certificates(file, &text)? {
        let added = roots.add(root);
        added.map_err(|_| TlsError::BadCertificate(file.to_owned()))?;
    }
    Ok(text)
}

/// Returns the texts of the client's certificate and key, if they are named.
fn identity(options: &TlsOptions) -> Result<Option<ClientTlsConfig>, TlsError> {
    let (cert, key) = match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => (cert, key),
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(TlsError::CertificateWithoutKey),
        (None, Some(_)) => return Err(TlsError::KeyWithoutCertificate),
    };
    let (client_cert, client_key) = (read(cert)?, read(key)?);
    let chain = certificates(cert, &client_cert)?;
    // The error would repeat lines of the key.
    let private = PrivateKeyDer::from_pem_slice(&client_key);
    let private = private.map_err(|_| TlsError::NoKey(key.clone()))?;
    CertifiedKey::from_der(chain, private, &ring::default_provider())
        .map_err(|error| TlsError::Unfit(Box::new(error)))?;
    Ok(Some(ClientTlsConfig {
        client_cert,
        client_key,
    }))
}

/// Parses certificates, at least one.
fn certificates(file: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let found = found.map_err(|_| TlsError::BadCertificate(file.to_owned()))?;
    if found.is_empty() {
        return Err(TlsError::NoCertificate(file.to_owned()));
    }
    Ok(found)
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|source| TlsError::Unreadable {
        file: file.to_owned(),
        source,
    })
}
