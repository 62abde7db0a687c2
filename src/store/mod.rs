//! `.hfgen-cache`: what a build knew, kept for the next process. Safe to delete at any time; knows nothing of Salsa.
//!
//! Map of the room: `frame` puts a version and a checksum around every stored value, `stamps` is the small file that a
//! build with nothing to do reads, `trace` is what each output read (its fields in `held`), `blobs` keeps outputs by what made
//! them.

pub mod blobs;
pub mod frame;
pub mod held;
pub mod stamps;
pub mod trace;

use std::path::{Path, PathBuf};

pub use crate::digest::Digest;

/// Name of the folder below the project root.
pub const FOLDER: &str = ".hfgen-cache";

/// Where things lie in the cache.
#[derive(Debug, Clone)]
pub struct Layout {
    pub folder: PathBuf,
    /// Empty for the project's own output root; a word for another one, which has traces of its own.
    variant: String,
}

impl Layout {
    /// `output`: another output root than the project's.
    pub fn new(root: &Path, output: Option<&Path>) -> Self {
        let variant = output.map_or_else(String::new, |path| {
            let digest = Digest::of(path.as_os_str().as_encoded_bytes()).to_string();
            format!("-{}", &digest[..8])
        });
        Self { folder: root.join(FOLDER), variant }
    }

    pub fn stamps(&self) -> PathBuf {
        self.folder.join(format!("stamps{}.bin", self.variant))
    }

    pub fn trace(&self) -> PathBuf {
        self.folder.join(format!("trace{}.bin", self.variant))
    }

    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub fn blob_index(&self) -> PathBuf {
        self.folder.join("blobs.index")
    }

    pub fn blob_pack(&self) -> PathBuf {
        self.folder.join("blobs.pack")
    }

    /// Where hand edits are kept as patches when they are overwritten.
    pub fn edits(&self) -> PathBuf {
        self.folder.join("edits")
    }

    /// Tells git and backup programs that the folder is a cache.
    pub fn markers(&self) -> [(PathBuf, &'static str); 2] {
        [
            (self.folder.join(".gitignore"), "*\n"),
            (
                self.folder.join("CACHEDIR.TAG"),
                "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of hfgen, safe to delete at any time.\n",
            ),
        ]
    }
}
