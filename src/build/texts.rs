//! The inputs of a round, listed and read. No database is needed for it, so it can go on beside other reading.

use std::path::Path;

use super::options::{Failure, Options};
use super::project::{self, InputSet, Role};
use super::scan::Scan;
use crate::digest::Digest;
use crate::finding::codes::output::NOT_READABLE;
use crate::finding::{Finding, Place};
use crate::sys::{Stamp, System, text_of};

/// The inputs as they were read.
pub struct Texts {
    pub set: InputSet,
    /// For each file of `set`; `None` where it is not there.
    pub files: Vec<Option<Read>>,
    /// When reading began, in nanoseconds since the epoch.
    pub at: i64,
}

/// An input file as it was read.
pub struct Read {
    pub text: String,
    pub digest: Digest,
    /// Taken before the file was read.
    pub stamp: Option<Stamp>,
}

impl Texts {
    /// Lists and reads all inputs. Takes what `scan` has read already, and its word for the contents of files whose stamps
    /// are still the same.
    pub fn read(system: &dyn System, options: &Options, scan: &mut Scan) -> Result<Self, Failure> {
        let at = scan.at.unwrap_or_else(|| system.now());
        let known = scan.inputs.take().filter(|_| options.templates.is_empty());
        let (set, stamps) = if let Some(known) = known {
            known
        } else {
            let listed = project::inputs(system, &options.root, &options.templates);
            let set = listed.map_err(Failure::io("listing the inputs"))?;
            let paths: Vec<&str> = set.files.iter().map(|file| file.path.as_str()).collect();
            let stamps = system.stat_many(&options.root, &paths);
            (set, stamps)
        };
        let mut files = Vec::with_capacity(set.files.len());
        for (file, stamp) in set.files.iter().zip(stamps) {
            let fresh = scan.fresh.remove(&file.path).filter(|fresh| Some(fresh.stamp) == stamp);
            let known =
                scan.known.get(&file.path).filter(|seen| seen.settled && stamp.is_some() && seen.stamp == stamp);
            let digest = fresh.as_ref().map(|fresh| fresh.digest).or(known.map(|seen| seen.digest));
            let path = options.root.join(&file.path);
            let text = match fresh {
                Some(fresh) => text_of(fresh.bytes, &path),
                None => system.read_text(&path),
            };
            files.push(match text {
                Ok(text) => {
                    let digest = digest.unwrap_or_else(|| Digest::of(text.as_bytes()));
                    Some(Read { text, digest, stamp })
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.role != Role::Registry => None,
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                    return Err(not_text(system, &file.path, &path));
                }
                Err(error) => return Err(Failure::io(file.path.clone())(error)),
            });
        }
        Ok(Self { set, files, at })
    }
}

/// An input that is not UTF-8, with the place from which on it is not.
fn not_text(system: &dyn System, name: &str, path: &Path) -> Failure {
    let bytes = system.read(path).unwrap_or_default();
    let at = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let place = Place::in_text(name, &String::from_utf8_lossy(&bytes), at, at + 1);
    let finding = Finding::error(NOT_READABLE, format!("`{name}` is not UTF-8")).at(place);
    Failure::Inputs(vec![finding.help("save it as UTF-8")])
}
