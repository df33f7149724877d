//! The files of a run.
//!
//! | file | holds |
//! |---|---|
//! | `config.json` | the effective configuration |
//! | `environment.json` | version, platform, threads |
//! | `metrics.jsonl` | one line an epoch |
//! | `checkpoint.safetensors` | all that is needed to go on |
//! | `weights.safetensors` | the weights of the best epoch |
//!
//! Each is written to a temporary name and renamed; all but the environment depend on configuration and seed alone. A lock
//! keeps a second process out.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::weights::write_atomically;

/// A folder that this process has to itself.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _lock: File,
}

impl RunFolder {
    /// Opens the folder of a run with this configuration, making it where it is missing. A folder with a checkpoint is only
    /// opened to `resume`, and then its configuration must be the same.
    ///
    /// # Errors
    /// Another process has it; it holds a run and is not to be resumed; another configuration; it cannot be written.
    pub fn open(path: &Path, config: &Value, resume: bool) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(|e| Error::io(path, "the folder cannot be made", e))?;
        let lock_path = path.join(".lock");
        let lock = File::create(&lock_path).map_err(|e| Error::io(&lock_path, "cannot be written", e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::file(path, "another process trains in this folder", "wait for it, or take another"));
            }
            Err(TryLockError::Error(e)) => return Err(Error::io(&lock_path, "cannot be locked", e)),
        }
        let folder = RunFolder { path: path.to_owned(), _lock: lock };
        let (config_path, checkpoint) = (folder.file("config.json"), folder.checkpoint());
        if checkpoint.exists() && !resume {
            return Err(Error::file(path, "holds a run already", "go on with it (resume), or take another folder"));
        }
        if checkpoint.exists() && config_path.exists() {
            let text =
                std::fs::read_to_string(&config_path).map_err(|e| Error::io(&config_path, "cannot be read", e))?;
            let other: Value = serde_json::from_str(&text)
                .map_err(|e| Error::file(&config_path, e.to_string(), "write it again by hand, or start anew"))?;
            if other != *config {
                let hint = "resume with the same configuration, or start in another folder";
                return Err(Error::file(&config_path, "is not the configuration given now", hint));
            }
        }
        write_atomically(&config_path, format!("{config:#}\n").as_bytes())?;
        let environment = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "os": std::env::consts::OS,
            "architecture": std::env::consts::ARCH,
            "threads": rayon::current_num_threads(),
        });
        write_atomically(&folder.file("environment.json"), format!("{environment:#}\n").as_bytes())?;
        Ok(folder)
    }

    /// A file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> PathBuf {
        self.file("checkpoint.safetensors")
    }

    /// The weights of the best epoch.
    pub fn weights(&self) -> PathBuf {
        self.file("weights.safetensors")
    }

    /// One line for each epoch.
    pub fn metrics(&self) -> PathBuf {
        self.file("metrics.jsonl")
    }
}
