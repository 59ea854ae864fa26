//! The secrets of this machine's system: made at the first start, kept beside the data, never checked in. A deployed
//! stack has its own, made by the template.

use common::crypto::{CryptoError, generate_key, random_bytes};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The file, in the data folder.
const FILE: &str = "keys.json";

/// Secrets of one local system. `Debug` shows none of them.
#[derive(Clone, Serialize, Deserialize)]
pub struct Keys {
    /// Seals identity documents, 32 bytes in base 64.
    pub field: String,
    /// Finds identity documents, 32 bytes in base 64.
    pub lookup: String,
    /// Signs access tokens, 32 bytes in base 64.
    pub token_seed: String,
    /// Signs certificates, 32 bytes in base 64. Systems that were set up before there were certificates have none in
    /// their file, and get one at their next start.
    #[serde(default)]
    pub certificate_seed: String,
    /// Signs calls to service clients, 32 bytes in base 64; younger than the file as well.
    #[serde(default)]
    pub webhook_seed: String,
    /// The stand-in mini-program's secret.
    pub wechat_secret: String,
    /// The demo service client's secret.
    pub client_secret: String,
    /// The S3 key pair's secret.
    pub s3_secret: String,
    /// The demo staff's password, the same for all of them.
    pub staff_password: String,
    /// The demo staff's TOTP secrets, in base 32, in the order of [`crate::staff::STAFF`].
    pub staff_totp: Vec<String>,
}

/// Why the keys can't be had. `Display` is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file can't be read or written.
    #[error("无法读写密钥文件 {path}（{source}）：请检查文件夹权限，或用 --data 换一个文件夹 · cannot use the key file: check permissions, or choose another folder with --data", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file isn't one of ours, or was cut short.
    #[error("密钥文件 {path} 不完整（{reason}）：请从备份恢复，或加 --fresh 重新开始 · incomplete key file: restore it from a backup, or start again with --fresh", path = path.display())]
    Incomplete {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is gone, and what it opens is still there.
    #[error("密钥文件 {path} 不见了，而数据还在：请从备份恢复它，或加 --fresh 重新开始 · the key file is gone while its data is there: restore it, or start again with --fresh", path = path.display())]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// There are no random bytes.
    #[error("{0}")]
    Random(#[from] CryptoError),
}

impl Keys {
    /// New keys.
    pub fn generate() -> Result<Self, CryptoError> {
        let secret = || Ok::<_, CryptoError>(hex::encode(random_bytes::<16>()?));
        let staff_totp = (0..crate::staff::STAFF.len())
            .map(|_| Ok(common::auth::totp::TotpSecret::generate()?.to_base32()))
            .collect::<Result<_, CryptoError>>()?;
        Ok(Self {
            field: generate_key()?,
            lookup: generate_key()?,
            token_seed: generate_key()?,
            certificate_seed: generate_key()?,
            webhook_seed: generate_key()?,
            wechat_secret: secret()?,
            client_secret: secret()?,
            s3_secret: secret()?,
            staff_password: format!("demo-{}", hex::encode(random_bytes::<6>()?)),
            staff_totp,
        })
    }

    /// The keys in `folder`, made there if there are none. Written whole or not at all, for this user's eyes only.
    pub fn of_folder(folder: &Path) -> Result<Self, KeysError> {
        let path = folder.join(FILE);
        let failed = |source| KeysError::File { path: path.clone(), source };
        match fs::read(&path) {
            Ok(bytes) => {
                let mut keys: Self = serde_json::from_slice(&bytes).map_err(|error| {
                    KeysError::Incomplete { path: path.clone(), reason: error.to_string() }
                })?;
                let wanted = crate::staff::STAFF.len();
                if keys.staff_totp.len() != wanted {
                    let reason = format!("{} of {wanted} staff secrets", keys.staff_totp.len());
                    return Err(KeysError::Incomplete { path, reason });
                }
                let mut lacks = false;
                for seed in [&mut keys.certificate_seed, &mut keys.webhook_seed] {
                    if seed.is_empty() {
                        *seed = generate_key()?;
                        lacks = true;
                    }
                }
                if lacks {
                    keys.write(folder, &path)?;
                }
                Ok(keys)
            }
            // The objects' folder is made right after the keys: with it there and them gone, new ones would open nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder.join("s3").exists() => {
                Err(KeysError::Gone { path })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let keys = Self::generate()?;
                fs::create_dir_all(folder).map_err(failed)?;
                keys.write(folder, &path)?;
                Ok(keys)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Writes the file at `path` in `folder`, whole or not at all.
    fn write(&self, folder: &Path, path: &Path) -> Result<(), KeysError> {
        let failed = |source| KeysError::File { path: path.to_owned(), source };
        let json = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        let draft = folder.join(format!("{FILE}.new"));
        write_private(&draft, &json).and_then(|()| fs::rename(&draft, path)).map_err(failed)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
