//! `.hfgen-cache`: what a build knew, kept for the next process. Safe to delete at any time; knows nothing of Salsa.
//!
//! Map of the room: `frame` puts a version and a checksum around every stored value, `stamps` is the small file that a
//! build with nothing to do reads, `trace` is what each output read, `blobs` keeps outputs by what made them.

pub mod blobs;
pub mod frame;
pub mod stamps;
pub mod trace;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Name of the folder below the project root.
pub const FOLDER: &str = ".hfgen-cache";

/// 16 bytes of blake3: enough to tell contents apart, half the size of the whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        Self::cut(&blake3::hash(bytes))
    }

    /// Of several parts; where one ends and the next begins counts.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self::cut(&hasher.finalize())
    }

    /// Of anything that serialises in a fixed order.
    pub fn of_value(value: &impl Serialize) -> Self {
        let mut hasher = blake3::Hasher::new();
        match serde_json::to_writer(&mut hasher, value) {
            Ok(()) => Self::cut(&hasher.finalize()),
            Err(error) => Self::of(error.to_string().as_bytes()),
        }
    }

    fn cut(hash: &blake3::Hash) -> Self {
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        Self(digest)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

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
