//! Versions that the registry names: requirements on hfgen, and the lowest Python.

/// Whether `requirement` (`>=0.1, <0.3`) allows `version`; the requirement's fault in words otherwise.
pub fn allows(requirement: &str, version: &str) -> Result<bool, String> {
    let wanted = semver::VersionReq::parse(requirement)
        .map_err(|error| format!("`{requirement}` is no version requirement: {error}"))?;
    let version = semver::Version::parse(version).map_err(|error| format!("`{version}` is no version: {error}"))?;
    Ok(wanted.matches(&version))
}

/// `3.10` to `(3, 10)`; only versions of Python 3 from 3.7 on.
pub fn python(text: &str) -> Option<(u8, u8)> {
    let (major, minor) = text.trim().split_once('.')?;
    let version = (major.parse().ok()?, minor.parse().ok()?);
    (version.0 == 3 && (7..=15).contains(&version.1)).then_some(version)
}
