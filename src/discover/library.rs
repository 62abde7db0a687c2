//! All files that were read, with names resolved across them: which class a base is, what a constant holds. It knows no
//! configuration and no model.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::interpret::Globals;
use super::outline::{Class, Import, Outline, outline};
use super::package::{Package, Role, folder};
use super::value::Value;
use crate::finding::Finding;

/// Outlines by path.
#[derive(Default)]
pub struct Library {
    files: Vec<Outline>,
    by_path: FxHashMap<String, usize>,
    /// Files by the class names they define, in the order of paths.
    by_class: FxHashMap<String, Vec<usize>>,
    /// Files by their folder.
    by_folder: FxHashMap<String, Vec<usize>>,
}

/// A class of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId {
    file: usize,
    class: usize,
}

impl Library {
    /// Reads the model files of `package`, and those that they need from elsewhere in it.
    pub fn read(package: &Package<'_>) -> (Self, Vec<Finding>) {
        let mut library = Self::default();
        let mut findings = Vec::new();
        let mut wanted: Vec<(String, Option<Role>)> =
            package.model_files().map(|(path, role)| (path.to_owned(), Some(role))).collect();
        wanted.push(("configuration_utils.py".to_owned(), Some(Role::Configuration)));
        wanted.push(("modeling_utils.py".to_owned(), None));
        wanted.push(("generation/utils.py".to_owned(), None));
        let mut asked: BTreeSet<String> = BTreeSet::new();
        while !wanted.is_empty() {
            asked.extend(wanted.iter().map(|(path, _)| path.clone()));
            let read: Vec<Result<Outline, Finding>> = wanted
                .par_iter()
                .map(|(path, role)| package.read(path).and_then(|source| outline(path, &source, *role)))
                .collect();
            for outlined in read {
                match outlined {
                    Ok(outlined) => library.add(outlined),
                    Err(finding) => findings.push(finding),
                }
            }
            wanted = library
                .wanted(package)
                .into_iter()
                .filter(|path| !asked.contains(path))
                .map(|path| (path, None))
                .collect();
        }
        (library, findings)
    }

    fn add(&mut self, outlined: Outline) {
        let index = self.files.len();
        self.by_path.insert(outlined.path.clone(), index);
        for name in outlined.classes.keys() {
            self.by_class.entry(name.clone()).or_default().push(index);
        }
        if let Some((folder, _)) = outlined.path.rsplit_once('/') {
            self.by_folder.entry(folder.to_owned()).or_default().push(index);
        }
        self.files.push(outlined);
    }

    /// Files of the package that hold a base class or a constant that a file here imports.
    fn wanted(&self, package: &Package<'_>) -> BTreeSet<String> {
        let mut wanted = BTreeSet::new();
        for file in &self.files {
            let bases = file.classes.values().flat_map(|class| &class.bases);
            let constants = file.imports.keys().filter(|name| is_constant(name));
            for name in bases.chain(constants) {
                let Some(import) = file.imports.get(name) else { continue };
                let Some(module) = &import.module else { continue };
                for path in [format!("{module}.py"), format!("{module}/__init__.py")] {
                    if !self.by_path.contains_key(&path) && package.has(&path) {
                        wanted.insert(path);
                    }
                }
            }
        }
        wanted
    }

    pub fn file(&self, path: &str) -> Option<&Outline> {
        self.by_path.get(path).map(|index| &self.files[*index])
    }

    pub fn files(&self) -> impl Iterator<Item = &Outline> {
        self.files.iter()
    }

    /// Every class, in the order of paths.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> {
        let ids =
            |(file, outlined): (usize, &Outline)| (0..outlined.classes.len()).map(move |class| ClassId { file, class });
        self.files.iter().enumerate().flat_map(ids)
    }

    pub fn name(&self, id: ClassId) -> &str {
        self.files[id.file].classes.get_index(id.class).map_or("", |(name, _)| name)
    }

    pub fn class(&self, id: ClassId) -> &Class {
        &self.files[id.file].classes[id.class]
    }

    /// The path of the file that defines it.
    pub fn path(&self, id: ClassId) -> &str {
        &self.files[id.file].path
    }

    /// The class `name` in a model's folder, else the only one of that name in the package.
    pub fn class_of_module(&self, module: &str, name: &str) -> Option<ClassId> {
        self.in_folder(&format!("models/{module}"), name).or_else(|| self.only(name))
    }

    /// The class that `name` stands for in the file of `near`.
    pub fn resolve(&self, near: ClassId, name: &str) -> Option<ClassId> {
        self.resolve_in(near.file, name, 0)
    }

    fn resolve_in(&self, file: usize, name: &str, depth: usize) -> Option<ClassId> {
        let outlined = &self.files[file];
        if let Some(class) = outlined.classes.get_index_of(name) {
            return Some(ClassId { file, class });
        }
        let import = outlined.imports.get(name)?;
        let module = import.module.as_ref()?;
        if depth > 8 {
            return None;
        }
        for path in [format!("{module}.py"), format!("{module}/__init__.py")] {
            if let Some(found) =
                self.by_path.get(&path).and_then(|file| self.resolve_in(*file, &import.name, depth + 1))
            {
                return Some(found);
            }
        }
        self.in_folder(module, &import.name).or_else(|| self.only(&import.name))
    }

    fn in_folder(&self, folder: &str, name: &str) -> Option<ClassId> {
        let files = self.by_folder.get(folder)?;
        files.iter().find_map(|file| {
            let class = self.files[*file].classes.get_index_of(name)?;
            Some(ClassId { file: *file, class })
        })
    }

    fn only(&self, name: &str) -> Option<ClassId> {
        let files = self.by_class.get(name)?;
        // Classes of older versions live on in `deprecated/`; the one outside is meant.
        let current = files
            .iter()
            .find(|file| folder(&self.files[**file].path).is_none_or(|folder| !folder.starts_with("deprecated/")));
        let file = *current.or_else(|| files.first())?;
        Some(ClassId { file, class: self.files[file].classes.get_index_of(name)? })
    }

    /// The class and its bases as Python looks them up, as far as they are in the package.
    pub fn ancestry(&self, id: ClassId) -> Vec<ClassId> {
        let mut found = Vec::new();
        self.collect(id, &mut Vec::new(), &mut found);
        // A base that is reached twice stands behind the last class that has it.
        let mut order: Vec<ClassId> = Vec::new();
        for id in found.into_iter().rev() {
            if !order.contains(&id) {
                order.push(id);
            }
        }
        order.reverse();
        order
    }

    fn collect(&self, id: ClassId, above: &mut Vec<ClassId>, found: &mut Vec<ClassId>) {
        // A cycle can't be Python, and a diamond of diamonds would never end.
        if above.contains(&id) || found.len() > 200 {
            return;
        }
        found.push(id);
        above.push(id);
        for base in self.bases(id) {
            self.collect(base, above, found);
        }
        above.pop();
    }

    /// Its bases that are in the package.
    pub fn bases(&self, id: ClassId) -> impl Iterator<Item = ClassId> {
        self.class(id).bases.iter().filter_map(move |base| self.resolve(id, base))
    }

    /// The files of a model's folder that say something of a model.
    pub fn sources(&self, module: &str) -> Vec<&Outline> {
        let files = self.by_folder.get(&format!("models/{module}"));
        let mut sources: Vec<&Outline> = files.into_iter().flatten().map(|file| &self.files[*file]).collect();
        sources.retain(|file| super::package::role(&file.path).is_some());
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        sources
    }
}

/// What the constants of files come to; each file is run once, when it is first asked for.
pub struct Constants<'a> {
    library: &'a Library,
    files: RefCell<FxHashMap<usize, Rc<Globals>>>,
}

impl<'a> Constants<'a> {
    pub fn new(library: &'a Library) -> Self {
        Self { library, files: RefCell::default() }
    }

    /// What `name` holds at the top level of the file of `near`.
    pub fn value(&self, near: ClassId, name: &str) -> Option<Value> {
        self.globals(near.file).get(name).cloned()
    }

    fn globals(&self, file: usize) -> Rc<Globals> {
        if let Some(globals) = self.files.borrow().get(&file) {
            return Rc::clone(globals);
        }
        // Files that import each other see nothing of the one that is not done yet.
        self.files.borrow_mut().insert(file, Rc::default());
        let mut globals = Globals::default();
        let outlined = &self.library.files[file];
        for (name, import) in outlined.imports.iter().filter(|(name, _)| is_constant(name)) {
            if let Some(value) = self.imported(import) {
                globals.values.insert(name.clone(), value);
            }
        }
        globals.run(&outlined.statements);
        let globals = Rc::new(globals);
        self.files.borrow_mut().insert(file, Rc::clone(&globals));
        globals
    }

    fn imported(&self, import: &Import) -> Option<Value> {
        let module = import.module.as_ref()?;
        [format!("{module}.py"), format!("{module}/__init__.py")]
            .iter()
            .filter_map(|path| self.library.by_path.get(path))
            .find_map(|file| self.globals(*file).get(&import.name).cloned())
    }
}

/// `OPENAI_CLIP_MEAN`: what is named like a constant.
fn is_constant(name: &str) -> bool {
    name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
