//! The pipelines' names of tasks: which of them serves which mapping. Read from `pipelines/__init__.py`.

use std::collections::BTreeMap;

use super::auto::Auto;
use super::interpret::Globals;
use super::outline::outline;
use super::package::Package;
use super::value::Value;
use crate::finding::Finding;

/// A task that a pipeline serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// `fill-mask`
    pub name: String,
    /// `text`, `image`, `audio`, `video`, `multimodal`
    pub modality: String,
}

/// By `MODEL_..._NAMES`, in the order of preference.
pub type Pipelines = BTreeMap<String, Vec<Pipeline>>;

/// Older versions list narrower tasks of the same models before this one.
const GENERAL: &str = "text2text-generation";

/// Reads `SUPPORTED_TASKS`.
pub fn pipelines(package: &Package<'_>, auto: &Auto) -> Result<Pipelines, Finding> {
    const PATH: &str = "pipelines/__init__.py";
    let outlined = outline(PATH, &package.read(PATH)?, None)?;
    let mut globals = Globals::default();
    globals.run(&outlined.statements);
    let tasks = globals.get("SUPPORTED_TASKS").and_then(Value::entries).unwrap_or_default();
    // Those whose first class it is come before those that take it in place of another.
    let (mut first, mut other) = (Pipelines::new(), Pipelines::new());
    for (name, task) in tasks {
        let Some(name) = name.as_text() else { continue };
        let modality = task.get("type").and_then(Value::as_text).unwrap_or_default().to_owned();
        let classes = task.get("pt").and_then(Value::items).unwrap_or_default();
        for (index, class) in classes.iter().enumerate() {
            let Value::Name(class) = class else { continue };
            let Some(mapping) = auto.mapping_of.get(class) else { continue };
            let pipeline = Pipeline { name: name.to_owned(), modality: modality.clone() };
            let list = if index == 0 { &mut first } else { &mut other };
            list.entry(mapping.clone()).or_default().push(pipeline);
        }
    }
    for (mapping, more) in other {
        first.entry(mapping).or_default().extend(more);
    }
    for list in first.values_mut() {
        list.sort_by_key(|pipeline| pipeline.name != GENERAL);
    }
    Ok(first)
}

/// The pipeline for a class of a mapping: the one of its modality where several serve the mapping, else the first.
pub fn choose<'a>(pipelines: &'a Pipelines, mapping: &str, modality: Option<&str>) -> Option<&'a str> {
    let list = pipelines.get(mapping)?;
    let fitting = list.iter().find(|pipeline| Some(pipeline.modality.as_str()) == modality);
    fitting.or_else(|| list.first()).map(|pipeline| pipeline.name.as_str())
}
