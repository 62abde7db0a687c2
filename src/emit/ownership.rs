//! Whose a file at an output's path is: ours and untouched, ours but edited, or somebody else's. Only the first is ever
//! replaced without being asked.

use std::path::Path;

use crate::digest::Digest;
use crate::graph::header::{Mark, mark};
use crate::sys::{Kind, Stamp, System};

/// What stands at an output's path.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    Missing,
    /// hfgen wrote these bytes (this build's predecessor, or another branch's): may be replaced or removed.
    Ours {
        digest: Digest,
        stamp: Stamp,
    },
    /// hfgen wrote it and somebody changed it.
    Edited {
        bytes: Vec<u8>,
    },
    /// Not made by hfgen: a file without its mark, a folder, a symlink, a device.
    Foreign {
        what: &'static str,
    },
}

/// Looks at the file at `path`. `written`: what the last build wrote there; `below`: the path below the output root.
pub fn look(system: &dyn System, path: &Path, below: &str, written: Option<Digest>) -> std::io::Result<Standing> {
    let stamp = match system.stat(path) {
        Ok(stamp) => stamp,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Standing::Missing),
        Err(error) => return Err(error),
    };
    match stamp.kind {
        Kind::File => {}
        Kind::Folder => return Ok(Standing::Foreign { what: "a folder" }),
        Kind::Symlink => return Ok(Standing::Foreign { what: "a symbolic link" }),
        Kind::Other => return Ok(Standing::Foreign { what: "not a regular file" }),
    }
    let bytes = system.read(path)?;
    let digest = Digest::of(&bytes);
    // A build that found somebody else's file remembers the output, but wrote nothing there.
    let written = written.filter(|written| *written != Digest::default());
    if written == Some(digest) {
        return Ok(Standing::Ours { digest, stamp });
    }
    Ok(match mark(below, &bytes) {
        Mark::Genuine => Standing::Ours { digest, stamp },
        Mark::Edited => Standing::Edited { bytes },
        // What we wrote there always carried the mark, so losing it is an edit too.
        Mark::None if written.is_some() => Standing::Edited { bytes },
        Mark::None => Standing::Foreign { what: "a file that hfgen did not make" },
    })
}
