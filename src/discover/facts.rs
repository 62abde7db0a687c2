//! Puts the facts of a package together: a lock, and what was found on the way. It writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use indexmap::IndexMap;
use rayon::prelude::*;

use super::auto::{Auto, Choice, Choices, auto};
use super::classes::Classes;
use super::config::Configs;
use super::library::{ClassId, Library};
use super::names::class_names;
use super::package::Package;
use super::pipelines::{Pipelines, choose, pipelines};
use super::worker::Workers;
use crate::finding::codes::sync::{MISSING_CLASS, WORKER_UNKNOWN};
use crate::finding::{Finding, Place, Severity, did_you_mean};
use crate::registry::lock::{ClassFacts, FORMAT, Lock, LockHead, ModelFacts, Processors, TaskFacts};
use crate::sys::System;

/// What a package says.
pub struct Read {
    pub lock: Lock,
    /// What could not be read of it: the facts are without those parts.
    pub findings: Vec<Finding>,
}

/// Reads the facts of the transformers package at `package`. An error means that there are none.
pub fn read(system: &dyn System, package: &Path, workers: &Workers) -> Result<Read, Finding> {
    let package = Package::open(system, package)?;
    let (auto, mut findings) = auto(&package)?;
    let (library, unread) = Library::read(&package);
    findings.extend(unread);
    let pipelines = pipelines(&package, &auto).unwrap_or_else(|finding| {
        findings.push(finding);
        Pipelines::new()
    });
    let class_names = class_names(&package, &library)?;
    let head = LockHead {
        version: FORMAT,
        transformers: package.version.clone(),
        base_fields: Configs::new(&library).base_fields(),
        class_names,
    };
    let reader =
        Reader { library: &library, auto: &auto, pipelines: &pipelines, classes: Classes::new(&library), workers };
    let types: Vec<(&String, &String)> = auto.configs.iter().collect();
    // A reader of configurations a piece: its constants are shared within the piece.
    let read: Vec<(String, ModelFacts, Vec<Finding>)> = types
        .par_chunks(64)
        .flat_map_iter(|piece| {
            let configs = Configs::new(&library);
            piece.iter().map(|(key, config)| reader.model(&configs, key, config)).collect::<Vec<_>>()
        })
        .collect();
    let mut models = BTreeMap::new();
    for (key, facts, found) in read {
        models.insert(key, facts);
        findings.extend(found);
    }
    findings.extend(unknown_workers(workers, auto.configs.keys()));
    findings.sort();
    findings.dedup();
    Ok(Read { lock: Lock { head, models }, findings })
}

struct Reader<'a> {
    library: &'a Library,
    auto: &'a Auto,
    pipelines: &'a Pipelines,
    classes: Classes<'a>,
    workers: &'a Workers,
}

impl Reader<'_> {
    fn model(&self, configs: &Configs<'_>, key: &str, config: &str) -> (String, ModelFacts, Vec<Finding>) {
        let mut findings = Vec::new();
        let module = self.auto.module(key);
        let config_id = self.library.class_of_module(&module, config);
        if config_id.is_none() {
            findings.push(missing(key, config, "models/auto/configuration_auto.py"));
        }
        let (mut tasks, mut ids) = (IndexMap::new(), BTreeMap::new());
        for (mapping, choices) in &self.auto.tasks {
            let Some(choice) = choices.get(key) else { continue };
            for class in &choice.classes {
                match self.library.class_of_module(&module, class) {
                    Some(id) => drop(ids.insert(class.clone(), id)),
                    None => findings.push(missing(key, class, &choice.from)),
                }
            }
            let first = choice.classes.first().and_then(|class| ids.get(class)).copied();
            tasks.insert(mapping.clone(), self.task(mapping, choice, first));
        }
        for id in self.classes.of_config(&module, config) {
            ids.entry(self.library.name(*id).to_owned()).or_insert(*id);
        }
        let classes: IndexMap<String, ClassFacts> =
            ids.iter().map(|(name, id)| (name.clone(), self.classes.facts(*id))).collect();
        let config = config_id.map(|id| configs.facts(id));
        let also = classes.values().map(|class| class.from.as_str()).chain(config.iter().map(|c| c.from.as_str()));
        let (sources, meaning) = self.sources(&module, also);
        let facts = ModelFacts {
            worker: self.workers.get(&worker_ident(key)).cloned(),
            processors: self.processors(key),
            module,
            meaning,
            sources,
            config,
            tasks,
            classes,
            proven: None,
        };
        (key.to_owned(), facts, findings)
    }

    fn task(&self, mapping: &str, choice: &Choice, class: Option<ClassId>) -> TaskFacts {
        let class = class.map(|id| self.classes.facts(id));
        let modality = class.as_ref().and_then(modality);
        TaskFacts {
            classes: choice.classes.clone(),
            pipeline: choose(self.pipelines, mapping, modality).map(str::to_owned),
            from: choice.from.clone(),
        }
    }

    fn processors(&self, key: &str) -> Processors {
        let mut from = BTreeSet::new();
        let mut take = |choices: &Choices| -> Vec<String> {
            let Some(choice) = choices.get(key) else { return Vec::new() };
            from.insert(choice.from.clone());
            choice.classes.clone()
        };
        let mut processors = Processors {
            tokenizer: take(&self.auto.tokenizer),
            processor: take(&self.auto.processor),
            image_processor: take(&self.auto.image_processor),
            video_processor: take(&self.auto.video_processor),
            feature_extractor: take(&self.auto.feature_extractor),
            from: Vec::new(),
        };
        processors.from = from.into_iter().collect();
        processors
    }

    /// The files of a model, and the hash of what they mean together.
    fn sources<'f>(&self, module: &str, also: impl Iterator<Item = &'f str>) -> (Vec<String>, String) {
        let mut files: BTreeMap<&str, blake3::Hash> =
            self.library.sources(module).into_iter().map(|file| (file.path.as_str(), file.meaning)).collect();
        files.extend(also.filter_map(|path| self.library.file(path)).map(|file| (file.path.as_str(), file.meaning)));
        let mut hasher = blake3::Hasher::new();
        for (path, meaning) in &files {
            hasher.update(path.as_bytes()).update(&[0]).update(meaning.as_bytes());
        }
        let meaning = hasher.finalize().to_hex()[..16].to_owned();
        (files.into_keys().map(str::to_owned).collect(), meaning)
    }
}

/// How a model type stands in the name of a worker module.
fn worker_ident(model_type: &str) -> String {
    model_type.replace(['-', '.'], "_")
}

fn unknown_workers<'a>(workers: &Workers, types: impl Iterator<Item = &'a String>) -> Vec<Finding> {
    let known: BTreeSet<String> = types.map(|model_type| worker_ident(model_type)).collect();
    let unknown = workers.iter().filter(|(ident, _)| !known.contains(*ident));
    unknown
        .map(|(ident, facts)| {
            let message = format!("{} stands for no model type of this transformers", facts.from);
            let finding = Finding::new(WORKER_UNKNOWN, Severity::Note, message).at(Place::file(&facts.from));
            match did_you_mean(ident, known.iter().map(String::as_str)) {
                Some(help) => finding.help(help),
                None => finding,
            }
        })
        .collect()
}

/// The one modality that a class is for, as pipelines name it.
fn modality(class: &ClassFacts) -> Option<&str> {
    match (class.modalities.as_slice(), class.main_input.as_str()) {
        // Older versions say nothing of modalities, and then the input tells.
        ([], "pixel_values") => Some("image"),
        ([], "input_values" | "input_features") => Some("audio"),
        ([one], "input_ids") if one == "text" => Some("text"),
        // `text` is what a class says that says nothing.
        ([one], "pixel_values") if one == "text" => Some("image"),
        ([one], _) => Some(one),
        _ => None,
    }
}

fn missing(key: &str, class: &str, from: &str) -> Finding {
    Finding::warning(MISSING_CLASS, format!("`{class}`, which {from} names for `{key}`, is not defined in the package"))
        .at(Place::file(from))
        .help("the model type stays in the lock without it")
}
