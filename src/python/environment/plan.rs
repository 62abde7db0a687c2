//! What is installed into an environment, step by step, and the words that uv or pip takes for it. Nothing is run here.

use std::path::Path;

use super::{Wanted, python_of};

/// PyTorch's own index of builds without CUDA.
const CPU_INDEX: &str = "https://download.pytorch.org/whl/cpu";
/// What generated tests need beside torch and transformers: pytest, and what single models import.
pub const BESIDE: [&str; 8] = ["pytest", "sentencepiece", "pillow", "protobuf", "psutil", "timm", "scipy", "einops"];

/// Who installs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installer {
    Uv { version: String },
    Pip,
}

/// A part of the work that is done or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Stands in the record.
    pub name: String,
    /// For people.
    pub title: String,
    pub command: Vec<String>,
    /// Tried where the first one fails.
    pub otherwise: Option<Otherwise>,
}

/// Another way to do a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otherwise {
    pub title: String,
    pub command: Vec<String>,
}

/// All steps for an environment in `folder`, made from the Python `base`; `extra` are packages of hardware profiles.
pub fn steps(installer: &Installer, base: &str, folder: &Path, wanted: &Wanted, extra: &[String]) -> Vec<Step> {
    let own = python_of(folder).display().to_string();
    let install = |words: &[&str]| {
        let lead: Vec<&str> = match installer {
            Installer::Uv { .. } => vec!["uv", "pip", "install", "--python", &own],
            Installer::Pip => vec![&own, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"],
        };
        owned(&[&lead, words].concat())
    };
    let place = folder.display().to_string();
    let begin = match installer {
        Installer::Uv { .. } => owned(&["uv", "venv", "--clear", "--python", base, &place]),
        Installer::Pip => owned(&[base, "-m", "venv", "--clear", &place]),
    };
    let torch = format!("torch=={}", wanted.torch);
    let from_pypi = install(&[&torch, "torchvision"]);
    let from_cpu_index = || {
        let quick: &[&str] = if *installer == Installer::Pip { &["--retries", "1", "--timeout", "15"] } else { &[] };
        install(&[quick, &["--index-url", CPU_INDEX, &torch, "torchvision"]].concat())
    };
    let transformers = format!("transformers=={}", wanted.transformers);
    let rest: Vec<&str> = std::iter::once(transformers.as_str()).chain(BESIDE).collect();
    let step = |name: &str, title: String, command| Step { name: name.to_owned(), title, command, otherwise: None };
    let mut steps = vec![step("environment", "an empty environment".to_owned(), begin)];
    steps.push(if wanted.cpu {
        Step {
            name: "torch".to_owned(),
            title: format!("torch {} for the CPU, from PyTorch's index", wanted.torch),
            command: from_cpu_index(),
            otherwise: Some(Otherwise {
                title: format!("PyTorch's index gave nothing: torch {} with CUDA, from PyPI", wanted.torch),
                command: from_pypi,
            }),
        }
    } else {
        step("torch", format!("torch {} and torchvision", wanted.torch), from_pypi)
    });
    let title = format!("transformers {}, {}", wanted.transformers, BESIDE.join(", "));
    steps.push(step("transformers", title, install(&rest)));
    let extra: Vec<&str> = extra.iter().map(String::as_str).filter(|name| is_extra(name)).collect();
    if !extra.is_empty() {
        steps.push(step(&format!("extra {}", extra.join(" ")), extra.join(", "), install(&extra)));
    }
    steps
}

/// Whether a profile's package is none that every environment has.
fn is_extra(name: &str) -> bool {
    !["torch", "torchvision", "transformers"].contains(&name) && !BESIDE.contains(&name)
}

/// How a step that may be half done is done again: whatever pip believes to be there is laid down anew.
pub fn again(installer: &Installer, command: &[String]) -> Vec<String> {
    let mut command = command.to_vec();
    if let Some(at) = command.iter().position(|word| word == "install") {
        let word = if *installer == Installer::Pip { "--force-reinstall" } else { "--reinstall" };
        command.insert(at + 1, word.to_owned());
    }
    command
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn told(installer: &Installer, cpu: bool, extra: &[&str]) -> Vec<String> {
        let wanted = Wanted { torch: "2.0".to_owned(), transformers: "5.0".to_owned(), cpu };
        let extra: Vec<String> = extra.iter().map(|name| (*name).to_owned()).collect();
        let steps = steps(installer, "python3", Path::new("/e"), &wanted, &extra);
        steps.iter().map(|step| step.command.join(" ")).collect()
    }

    #[test]
    fn pip_and_uv_are_told_the_same() {
        let rest = "transformers==5.0 pytest sentencepiece pillow protobuf psutil timm scipy einops";
        let pip = "/e/bin/python -m pip install --disable-pip-version-check --no-input";
        assert_eq!(
            told(&Installer::Pip, false, &["torch", "openvino"]),
            [
                "python3 -m venv --clear /e".to_owned(),
                format!("{pip} torch==2.0 torchvision"),
                format!("{pip} {rest}"),
                format!("{pip} openvino"),
            ]
        );
        let uv = told(&Installer::Uv { version: "0.9".to_owned() }, true, &["torch"]);
        assert_eq!(uv.len(), 3);
        assert_eq!(uv[0], "uv venv --clear --python python3 /e");
        assert_eq!(
            uv[1],
            format!("uv pip install --python /e/bin/python --index-url {CPU_INDEX} torch==2.0 torchvision")
        );
    }

    #[test]
    fn what_may_be_half_done_is_laid_down_anew() {
        let command = owned(&["p", "-m", "pip", "install", "x"]);
        assert_eq!(again(&Installer::Pip, &command).join(" "), "p -m pip install --force-reinstall x");
        assert_eq!(again(&Installer::Pip, &owned(&["p", "-m", "venv"])).join(" "), "p -m venv");
    }
}
