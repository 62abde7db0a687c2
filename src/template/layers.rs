//! Names of template files and which file a name means: later layers replace earlier ones. It reads and parses nothing.

use std::collections::BTreeMap;

use crate::finding::codes::template as codes;
use crate::finding::{Finding, Place, did_you_mean};

/// What marks a template; what stands before it is the extension of the output.
const SUFFIX: &str = ".hbs";

/// One source of templates: those of the binary, the project's, a directory named by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer<T> {
    /// `built-in`, `project`, or the directory.
    pub title: String,
    pub files: Vec<LayerFile<T>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerFile<T> {
    /// Below the layer's directory: `family/decoder_only.py.hbs`.
    pub relative: String,
    /// As findings show it: `templates/family/decoder_only.py.hbs`, `<builtin>/...`.
    pub path: String,
    /// What the caller keeps for it: its text, its query input.
    pub item: T,
}

/// All layers, one file a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers<T> {
    files: BTreeMap<String, Layered<T>>,
}

/// The file that a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layered<T> {
    pub name: String,
    /// Extension of what it makes: `py`.
    pub extension: String,
    pub path: String,
    /// Title of its layer.
    pub layer: String,
    /// Paths of the files that it replaces, nearest first.
    pub replaces: Vec<String>,
    pub item: T,
}

impl<T> Layers<T> {
    /// Lays `layers` over each other, the last on top. Files that don't end in `.hbs` are not templates.
    pub fn new(layers: impl IntoIterator<Item = Layer<T>>) -> (Self, Vec<Finding>) {
        let mut files: BTreeMap<String, Layered<T>> = BTreeMap::new();
        let mut findings = Vec::new();
        for layer in layers {
            let mut own: BTreeMap<String, String> = BTreeMap::new();
            let mut sorted = layer.files;
            sorted.sort_by(|a, b| a.relative.cmp(&b.relative));
            for file in sorted.into_iter().filter(|file| file.relative.ends_with(SUFFIX)) {
                let Some((name, extension)) = template_name(&file.relative) else {
                    findings.push(
                        Finding::error(codes::BAD_TEMPLATE_NAME, format!("`{}` is no name for a template", file.relative))
                            .at(Place::file(file.path))
                            .help("templates are named `name.py.hbs`, after what they make; a name has letters, digits, `_`, `-` and `@`"),
                    );
                    continue;
                };
                if let Some(first) = own.get(&name) {
                    findings.push(
                        Finding::error(
                            codes::DUPLICATE_TEMPLATE,
                            format!("two files of one layer are template `{name}`"),
                        )
                        .at(Place::file(file.path))
                        .related("the other one", Place::file(first.clone()))
                        .help("the name is the path without its extensions; rename one of them"),
                    );
                    continue;
                }
                own.insert(name.clone(), file.path.clone());
                let mut replaces = Vec::new();
                if let Some(below) = files.remove(&name) {
                    replaces.push(below.path);
                    replaces.extend(below.replaces);
                }
                let layered = Layered {
                    name: name.clone(),
                    extension,
                    path: file.path,
                    layer: layer.title.clone(),
                    replaces,
                    item: file.item,
                };
                files.insert(name, layered);
            }
        }
        (Self { files }, findings)
    }

    /// The file of a name, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Layered<T>> {
        self.files.values()
    }

    pub fn get(&self, name: &str) -> Option<&Layered<T>> {
        self.files.get(name)
    }

    /// The template that a rule names, as `family/base` or `family/base.py.hbs`; its variant where there is one.
    pub fn resolve(&self, name: &str, variant: Option<&str>) -> Option<&Layered<T>> {
        let plain = plain(name);
        let chosen = variant.and_then(|variant| self.files.get(&format!("{plain}@{variant}")));
        chosen.or_else(|| self.files.get(&plain))
    }

    /// `resolve`, with a finding to which the caller adds its place.
    pub fn require(&self, name: &str, variant: Option<&str>) -> Result<&Layered<T>, Finding> {
        self.resolve(name, variant).ok_or_else(|| {
            let plain = plain(name);
            let finding = Finding::error(codes::MISSING_PARTIAL, format!("there is no template `{name}`"));
            match did_you_mean(&plain, self.files.keys().map(String::as_str)) {
                Some(help) => finding.help(help),
                None => finding.help("`hfgen template list` shows those there are"),
            }
        })
    }

    /// The variants that a template has, sorted.
    pub fn variants(&self, name: &str) -> Vec<&str> {
        let prefix = format!("{}@", plain(name));
        self.files.keys().filter_map(|known| known.strip_prefix(&prefix)).collect()
    }
}

fn plain(name: &str) -> String {
    template_name(name).map_or_else(|| name.to_owned(), |(name, _)| name)
}

/// The name and the output's extension in `family/decoder_only.py.hbs`.
pub fn template_name(relative: &str) -> Option<(String, String)> {
    let relative = relative.replace('\\', "/");
    let (name, extension) = relative.strip_suffix(SUFFIX)?.rsplit_once('.')?;
    let fits = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "_-@.".contains(c)) && part != ".."
    };
    (name.split('/').all(fits) && !extension.contains('/') && !extension.is_empty())
        .then(|| (name.to_owned(), extension.to_owned()))
}
