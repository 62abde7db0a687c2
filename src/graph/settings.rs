//! What is wrong in the settings of `registry.toml` by themselves: the project, the hardware profiles, the custom model types.

use crate::finding::codes::registry::{BROKEN_REGISTRY, REQUIRED_VERSION};
use crate::finding::{Finding, did_you_mean};
use crate::registry::config::Registry;
use crate::registry::parse::place_of;
use crate::registry::version;

/// Findings of the settings alone.
pub fn findings(registry: &Registry, path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let project = &registry.project;
    if let Some(wanted) = &project.required_hfgen {
        match version::allows(wanted, env!("CARGO_PKG_VERSION")) {
            Ok(true) => {}
            Ok(false) => findings.push(
                Finding::error(
                    REQUIRED_VERSION,
                    format!("this project asks for hfgen {wanted}; this is {}", env!("CARGO_PKG_VERSION")),
                )
                .at(place_of(path, text, &["project", "required-hfgen"]))
                .help("install a version that it allows"),
            ),
            Err(why) => findings.push(
                Finding::error(BROKEN_REGISTRY, why)
                    .at(place_of(path, text, &["project", "required-hfgen"]))
                    .help("write a requirement such as `\">=0.1, <0.3\"`"),
            ),
        }
    }
    if version::python(&project.python).is_none() {
        findings.push(
            Finding::error(BROKEN_REGISTRY, format!("`{}` is no Python version", project.python))
                .at(place_of(path, text, &["project", "python"]))
                .help("write the lowest Python that the outputs must run on, such as `\"3.10\"`"),
        );
    }
    if !is_output_root(&project.output) {
        findings.push(
            Finding::error(
                BROKEN_REGISTRY,
                format!("the output root `{}` is not a folder below the project", project.output),
            )
            .at(place_of(path, text, &["project", "output"]))
            .help("name a folder such as `generated`"),
        );
    }
    for (name, profile) in &registry.hardware {
        let known = || profile.tolerance.keys().map(String::as_str);
        for dtype in profile.dtypes.iter().filter(|dtype| !profile.tolerance.contains_key(*dtype)) {
            let message = format!("hardware `{name}` tests `{dtype}`, and has no tolerance for it");
            let place = place_of(path, text, &["hardware", name, "dtypes"]);
            let help = || format!("say how far it may be off: `tolerance = {{ {dtype} = 1e-2 }}`");
            let near = did_you_mean(dtype, known());
            findings.push(Finding::error(BROKEN_REGISTRY, message).at(place).help(near.unwrap_or_else(help)));
        }
        for (dtype, allowed) in profile.tolerance.iter().filter(|(_, allowed)| !(0.0..=1.0).contains(*allowed)) {
            let message = format!("hardware `{name}` allows `{dtype}` to be {allowed} off");
            let place = place_of(path, text, &["hardware", name, "tolerance"]);
            findings.push(Finding::error(BROKEN_REGISTRY, message).at(place).help("a tolerance lies between 0 and 1"));
        }
    }
    for (key, custom) in &registry.custom {
        if custom.module.is_empty() {
            findings.push(
                Finding::error(BROKEN_REGISTRY, format!("custom model type `{key}` names no module"))
                    .at(place_of(path, text, &["custom", key]))
                    .help("name the Python module that defines its classes"),
            );
        }
    }
    findings
}

/// A folder of its own below the project, named plainly: paths of outputs are compared by their text.
fn is_output_root(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    !path.contains(['\\', '\0'])
        && !path.split('/').any(|part| matches!(part, "" | "." | ".."))
        && !matches!(path.split('/').next(), Some(".git" | ".hfgen-cache"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dtype_has_a_tolerance_that_is_one() {
        let told = |dtypes: &str, tolerance: &str| {
            let text = format!(
                "[project]\nname = \"a\"\noutput = \"o\"\npython = \"3.10\"\n[hardware.cpu]\ntitle = \"\"\nbackend = \"\"\n\
                 device = \"\"\nruntime = \"\"\ndtypes = {dtypes}\ntolerance = {tolerance}\n"
            );
            let registry: Registry = toml::from_str(&text).unwrap();
            let found = findings(&registry, "registry.toml", &text);
            let line = |finding: &Finding| finding.place.as_ref().map(|place| place.line);
            found.into_iter().map(|f| (line(&f), f.message.clone(), f.help.unwrap_or_default())).collect::<Vec<_>>()
        };
        assert_eq!(told("[\"float16\"]", "{ float16 = 1e-2, int8 = 0.5 }"), []);
        let (line, message, help) = told("[\"flaot16\"]", "{ float16 = 1e-2 }").remove(0);
        assert_eq!((line, &*message), (Some(10), "hardware `cpu` tests `flaot16`, and has no tolerance for it"));
        assert_eq!(help, "did you mean `float16`?");
        assert_eq!(told("[\"x\"]", "{}")[0].2, "say how far it may be off: `tolerance = { x = 1e-2 }`");
        for allowed in ["-1e-3", "nan", "7.0"] {
            let (line, message, _) = told("[]", &format!("{{ x = {allowed} }}")).remove(0);
            assert_eq!(line, Some(11));
            assert!(message.starts_with("hardware `cpu` allows `x` to be "), "{message}");
        }
    }
}
