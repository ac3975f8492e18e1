//! Certificates for one test: an authority of its own, in a folder that ends with it.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tempfile::TempDir;

/// Names by which a server on the loopback interface is reached.
pub const LOOPBACK: [&str; 2] = ["localhost", "127.0.0.1"];

/// A certificate authority that no platform trusts.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

/// The files of a certificate and of its private key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate, signed by its authority.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl Authority {
    /// Returns an authority called `name`.
    ///
    /// # Panics
    ///
    /// If its folder cannot be written.
    pub fn new(name: &str) -> Self {
        let mut params = params(&[]);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = new_key();
        let root = params.self_signed(&key).expect("the root must be signed");
        let authority = Self {
            issuer: Issuer::new(params, key),
            folder: tempfile::tempdir().expect("a folder for certificates must be created"),
        };
        write(&authority.root(), &root.pem());
        authority
    }

    /// Returns the file of its root certificate.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// Returns the folder, for other files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A certificate for host names and addresses, in files called `file`. Older ones of that name
    /// are replaced.
    ///
    /// # Panics
    ///
    /// If a name is none of a host, or the files cannot be written.
    pub fn issue(&self, file: &str, hosts: &[&str]) -> Identity {
        self.sign(file, &params(hosts))
    }

    /// As [`issue`](Self::issue), but the certificate expired long ago.
    ///
    /// # Panics
    ///
    /// As [`issue`](Self::issue).
    pub fn issue_expired(&self, file: &str, hosts: &[&str]) -> Identity {
        let mut params = params(hosts);
        params.not_after = date_time_ymd(2001, 1, 1);
        self.sign(file, &params)
    }

    fn sign(&self, file: &str, params: &CertificateParams) -> Identity {
        let key = new_key();
        let signed = params.signed_by(&key, &self.issuer);
        let signed = signed.expect("the certificate must be signed");
        let identity = Identity {
            cert: self.folder.path().join(format!("{file}.pem")),
            key: self.folder.path().join(format!("{file}-key.pem")),
        };
        write(&identity.cert, &signed.pem());
        write(&identity.key, &key.serialize_pem());
        identity
    }
}

fn params(hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    CertificateParams::new(hosts).expect("these must be names of hosts")
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("a key must be made")
}

fn write(file: &Path, text: &str) {
    fs::write(file, text).expect("the file must be written");
}
