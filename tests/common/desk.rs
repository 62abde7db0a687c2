//! A project as something that is edited: what an author, a sync or another branch does to it, one edit at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use hfgen::build::{Options, Selection};
use hfgen::registry::lock::{Literal, write};

use super::{Project, suite};

/// Something that happens between two builds.
#[derive(Debug, Clone)]
pub enum Edit {
    /// A model's own tiny configuration.
    Tiny(u8, u8),
    /// A model's own data, or its absence.
    Set(u8, u8),
    /// A skip, expired or not, or none.
    Skip(u8, u8),
    /// The family of one model, by hand.
    Family(u8, u8),
    /// The order of a model's own keys.
    OwnOrder(bool),
    /// Comments and blank lines.
    Comment(u8),
    /// A field in the lock that templates read.
    Hidden(u8, u8),
    /// A field in the lock that none reads.
    Vocabulary(u8, u8),
    /// The order of the fields in the lock.
    FieldOrder(bool),
    Transformers(u8),
    /// A model comes or goes.
    Model(u8),
    /// Another model comes or goes.
    NewModel(u8),
    CustomModel(bool),
    /// Hardware: a tolerance, an unread value, the order, a profile that comes or goes.
    Tolerance(u8),
    UnreadOfHardware(u8),
    HardwareOrder(bool),
    Rocm(bool),
    Python(bool),
    OutputRoot(bool),
    /// Rules: order of families, what targets select and make, checks, variants.
    FamilyOrder(bool),
    FamilyWord(u8),
    VisionElsewhere(bool),
    NoDevices(bool),
    Check(bool),
    Variant(bool),
    /// Which model the lone output is for.
    Lone(u8),
    RulesInTwoFiles(bool),
    BrokenRules(bool),
    /// Templates: one of several texts each.
    Base(u8),
    Shape(u8),
    Spare(u8),
    VariantFile(bool),
    /// A template of the project that lies over a built-in one or not, in a folder of its own.
    Layer(bool),
    /// Nothing but a new time.
    TouchInput(u8),
    TouchOutput(u8),
    DeleteOutput(u8),
    /// An output as an earlier build wrote it.
    OlderOutput(u8),
    /// A build of a part.
    Partial(u8),
    DryRun,
    /// What may become of a cache.
    LoseTrace,
    LoseStamps,
    LoseBlobs,
    LoseCache,
    DamageTrace(u8),
    DamageBlobs(u8),
}

/// The project's text as it stands.
#[derive(Debug, Clone)]
pub struct Desk {
    tiny: BTreeMap<String, u8>,
    set: BTreeMap<String, u8>,
    skip: BTreeMap<String, u8>,
    family: BTreeMap<String, u8>,
    own_turned: bool,
    comment: u8,
    hidden: BTreeMap<String, u8>,
    vocabulary: BTreeMap<String, u8>,
    fields_turned: bool,
    transformers: u8,
    gone: BTreeSet<String>,
    new: BTreeSet<u8>,
    custom: bool,
    tolerance: u8,
    unread: u8,
    hardware_turned: bool,
    rocm: bool,
    python: bool,
    other_root: bool,
    families_turned: bool,
    word: u8,
    vision_elsewhere: bool,
    no_devices: bool,
    check: bool,
    variant: bool,
    lone: u8,
    two_files: bool,
    broken: bool,
    base: u8,
    shape: u8,
    spare: u8,
    variant_file: bool,
    layer: bool,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            tiny: BTreeMap::new(),
            set: BTreeMap::new(),
            skip: BTreeMap::new(),
            family: BTreeMap::new(),
            own_turned: false,
            comment: 0,
            hidden: BTreeMap::new(),
            vocabulary: BTreeMap::new(),
            fields_turned: false,
            transformers: 0,
            gone: BTreeSet::new(),
            new: BTreeSet::new(),
            custom: false,
            tolerance: 1,
            unread: 0,
            hardware_turned: false,
            rocm: false,
            python: false,
            other_root: false,
            families_turned: false,
            word: 0,
            vision_elsewhere: false,
            no_devices: false,
            check: true,
            variant: false,
            lone: 0,
            two_files: false,
            broken: false,
            base: 0,
            shape: 0,
            spare: 0,
            variant_file: false,
            layer: false,
        }
    }
}

fn model_name(number: u8) -> String {
    let names: Vec<String> = suite::lock().models.into_keys().collect();
    names[usize::from(number) % names.len()].clone()
}

impl Desk {
    /// Edits the text; what happens to files beside it is the caller's.
    pub fn apply(&mut self, edit: &Edit) {
        match *edit {
            Edit::Tiny(model, value) => drop(self.tiny.insert(model_name(model), value % 4)),
            Edit::Set(model, value) => drop(self.set.insert(model_name(model), value % 4)),
            Edit::Skip(model, value) => drop(self.skip.insert(model_name(model), value % 3)),
            Edit::Family(model, value) => drop(self.family.insert(model_name(model), value % 3)),
            Edit::OwnOrder(turned) => self.own_turned = turned,
            Edit::Comment(value) => self.comment = value % 5,
            Edit::Hidden(model, value) => drop(self.hidden.insert(model_name(model), value % 4)),
            Edit::Vocabulary(model, value) => drop(self.vocabulary.insert(model_name(model), value % 4)),
            Edit::FieldOrder(turned) => self.fields_turned = turned,
            Edit::Transformers(value) => self.transformers = value % 3,
            Edit::Model(model) => {
                let name = model_name(model);
                if !self.gone.remove(&name) {
                    self.gone.insert(name);
                }
            }
            Edit::NewModel(number) => {
                if !self.new.remove(&(number % 3)) {
                    self.new.insert(number % 3);
                }
            }
            Edit::CustomModel(there) => self.custom = there,
            Edit::Tolerance(value) => self.tolerance = 1 + value % 3,
            Edit::UnreadOfHardware(value) => self.unread = value % 3,
            Edit::HardwareOrder(turned) => self.hardware_turned = turned,
            Edit::Rocm(there) => self.rocm = there,
            Edit::Python(newer) => self.python = newer,
            Edit::OutputRoot(other) => self.other_root = other,
            Edit::FamilyOrder(turned) => self.families_turned = turned,
            Edit::FamilyWord(value) => self.word = value % 3,
            Edit::VisionElsewhere(elsewhere) => self.vision_elsewhere = elsewhere,
            Edit::NoDevices(none) => self.no_devices = none,
            Edit::Check(there) => self.check = there,
            Edit::Variant(asked) => self.variant = asked,
            Edit::Lone(model) => self.lone = model,
            Edit::RulesInTwoFiles(two) => self.two_files = two,
            Edit::BrokenRules(broken) => self.broken = broken,
            Edit::Base(value) => self.base = value % 5,
            Edit::Shape(value) => self.shape = value % 6,
            Edit::Spare(value) => self.spare = value % 3,
            Edit::VariantFile(there) => self.variant_file = there,
            Edit::Layer(there) => self.layer = there,
            _ => {}
        }
    }

    pub fn output_root(&self) -> &'static str {
        if self.other_root { "made/tests" } else { "generated" }
    }

    pub fn options(&self, project: &Project) -> Options {
        let templates = if self.layer { vec![PathBuf::from("layer")] } else { Vec::new() };
        Options { templates, ..project.options() }
    }

    /// Names a model that is there.
    pub fn selection(&self, number: u8) -> Selection {
        Selection { models: vec![model_name(number)], ..Selection::default() }
    }

    /// Writes what differs, removes what is gone.
    pub fn write(&self, project: &Project) {
        let files = self.files();
        for (path, text) in &files {
            if project.bytes(path).as_deref() != Some(text.as_bytes()) {
                project.put(path, text);
            }
        }
        for path in project.tree().into_keys() {
            let input = ["rules/", "templates/", "layer/"].iter().any(|folder| path.starts_with(folder));
            if input && !files.contains_key(path.as_str()) {
                project.remove(&path);
            }
        }
    }

    /// Every input.
    pub fn files(&self) -> BTreeMap<&'static str, String> {
        let mut files: BTreeMap<&'static str, String> = suite::files().into_iter().collect();
        files.insert("registry.toml", self.registry());
        files.insert("registry.lock", self.lock());
        self.rules(&mut files);
        self.templates(&mut files);
        files
    }

    fn registry(&self) -> String {
        let python = if self.python { "3.12" } else { "3.10" };
        let mut text = "# a comment\n".repeat(usize::from(self.comment));
        let _ =
            write!(text, "[project]\nname = \"suite\"\noutput = \"{}\"\npython = \"{python}\"\n\n", self.output_root());
        let hardware = |name: &str, tolerance: u8| {
            format!(
                "[hardware.{name}]\ntitle = \"{name}\"\nbackend = \"{name}\"\ndevice = \"{name}\"\nruntime = \"torch\"\n\
                 tolerance = {{ float32 = {tolerance}e-5 }}\nset = {{ runner = \"r\", unread = {} }}\n\n",
                self.unread
            )
        };
        let mut profiles = vec![hardware("cpu", 1), hardware("cuda", self.tolerance)];
        if self.rocm {
            profiles.push(hardware("rocm", 2));
        }
        if self.hardware_turned {
            profiles.reverse();
        }
        text.extend(profiles);
        let names: BTreeSet<String> =
            [&self.tiny, &self.set, &self.skip, &self.family].into_iter().flat_map(|map| map.keys().cloned()).collect();
        for name in names {
            let _ = writeln!(text, "[model.\"{name}\"]");
            match self.family.get(&name) {
                Some(1) => text.push_str("family = \"text\"\n"),
                Some(2) => text.push_str("family = \"speech\"\n"),
                _ => {}
            }
            let mut set = match self.set.get(&name) {
                None | Some(0) => Vec::new(),
                Some(value) => vec![format!("words = [\"{value}\", \"x\"]"), "unread = 1".to_owned()],
            };
            let mut tiny = match self.tiny.get(&name) {
                None | Some(0) => Vec::new(),
                Some(value) => vec![format!("hidden_size = {value}"), "more = \"text\"".to_owned()],
            };
            if self.own_turned {
                set.reverse();
                tiny.reverse();
            }
            let _ = writeln!(text, "set = {{ {} }}\ntiny = {{ {} }}", set.join(", "), tiny.join(", "));
            let expires = match self.skip.get(&name) {
                None | Some(0) => continue,
                Some(1) => "2020-01-01",
                Some(_) => "2999-01-01",
            };
            let _ = writeln!(
                text,
                "[[model.\"{name}\".skip]]\ncheck = \"shape\"\nreason = \"no\"\nexpires = \"{expires}\""
            );
        }
        if self.custom {
            text.push_str(
                "[custom.own-model]\nmodule = \"own\"\ntasks = { CAUSAL_LM = \"OwnForCausalLM\" }\n\
                 fields = { hidden_size = 8, num_layers = 2 }\nconfig = \"OwnConfig\"\n",
            );
        }
        text
    }

    fn lock(&self) -> String {
        let mut lock = suite::lock();
        lock.head.transformers = format!("5.23.{}", self.transformers);
        lock.models.retain(|name, _| !self.gone.contains(name));
        for number in &self.new {
            let (key, facts) = suite::text_model(&format!("new-{number}"), 8);
            lock.models.insert(key, facts);
        }
        for (name, facts) in &mut lock.models {
            let Some(config) = &mut facts.config else { continue };
            if let (Some(value), true) = (self.hidden.get(name), config.fields.contains_key("hidden_size")) {
                config.fields.insert("hidden_size".to_owned(), Literal::Int(64 + i64::from(*value)));
            }
            if let Some(value) = self.vocabulary.get(name) {
                config.fields.insert("vocab_size".to_owned(), Literal::Int(1000 + i64::from(*value)));
            }
            if self.fields_turned {
                config.fields.reverse();
            }
        }
        write(&lock)
    }

    fn rules(&self, files: &mut BTreeMap<&'static str, String>) {
        let mut families: Vec<String> =
            suite::FAMILIES.split("\n\n").map(|section| section.trim().to_owned() + "\n\n").collect();
        // What every family also holds, so that their order decides; the vision family takes all where it stands first.
        families[1] = families[1]
            .replace("main_input = [\"pixel_values\"]", "main_input = [\"pixel_values\", \"input_features\"]");
        families[0] =
            families[0].replace("\"tokens\"", ["\"tokens\"", "\"pixels\"", "\"features\""][usize::from(self.word)]);
        if self.families_turned {
            families.swap(1, 2);
        }
        if !self.check {
            families.retain(|section| !section.starts_with("[check.gradients]"));
        }
        let mut targets = suite::TARGETS.to_owned();
        if self.vision_elsewhere {
            targets = targets.replace("vision/test_hf_{ident}.py", "pictures/{family}/{type}.py");
        }
        if self.no_devices {
            let start = targets.find("[target.device]").unwrap();
            let end = targets.find("[target.summary]").unwrap();
            targets.replace_range(start..end, "");
        }
        if self.variant {
            targets.push_str("\n[target.quantised]\nfor_each = \"model\"\nselect = { family = [\"text\"] }\n");
            targets
                .push_str("template = \"spare.py.hbs\"\nvariant = \"quantised\"\noutput = \"{variant}/{ident}.py\"\n");
        }
        let _ = write!(
            targets,
            "\n[target.lone]\nfor_each = \"model\"\nselect = {{ model = [\"{}\"] }}\ntemplate = \"lone.py.hbs\"\noutput = \"lone.py\"\n",
            model_name(self.lone)
        );
        if self.broken {
            targets.push_str("\n[target.\n");
        }
        files.insert("rules/10-families.toml", families.concat());
        if self.two_files {
            let cut = targets.find("[target.summary]").unwrap();
            files.insert("rules/30-more.toml", targets.split_off(cut));
        }
        files.insert("rules/20-targets.toml", targets);
    }

    fn templates(&self, files: &mut BTreeMap<&'static str, String>) {
        files.insert("templates/lone.py.hbs", "def test_alone():\n    assert True\n".to_owned());
        let base = files["templates/base.py.hbs"].clone();
        let base = match self.base {
            0 => base,
            1 => base.replace("{{! comment }}", "{{! another comment }}"),
            2 => base.replace("Under test.", "Under test, {{doc model.module}}."),
            3 => base.replace("TAGS = ", "LABELS = "),
            // Not what templates may say.
            _ => base + "{{#if}}\n",
        };
        files.insert("templates/base.py.hbs", base);
        let shape = files["templates/check/shape.py.hbs"].clone();
        let shape = match self.shape {
            0 => shape,
            1 => format!("{shape}    assert word != \"\"\n"),
            // Python that is none.
            2 => format!("{shape}    assert (\n"),
            // Python that is none for one model only.
            3 => format!("{shape}{{{{#if (eq @root.model.type \"gamma\")}}}}\ndef (:\n{{{{/if}}}}\n"),
            // A partial that is not there.
            4 => format!("{shape}{{{{> check/lost}}}}\n"),
            // A field that only some models have.
            _ => format!("{shape}LAYERS = {{{{py @root.model.config.fields.num_layers}}}}\n"),
        };
        files.insert("templates/check/shape.py.hbs", shape);
        let spare = files["templates/spare.py.hbs"].clone();
        files.insert(
            "templates/spare.py.hbs",
            spare.replace("SPARE", ["SPARE", "EXTRA", "MORE"][usize::from(self.spare)]),
        );
        if self.variant_file {
            let text = "SMALL = {{py rule.variant}}\n\n\ndef test_small():\n    assert SMALL\n";
            files.insert("templates/spare@quantised.py.hbs", text.to_owned());
        }
        // The folder is there in any case: it counts only where it is named.
        let text = "def test_over():\n    assert {{py @root.model.module}}\n";
        files.insert("layer/check/shape.py.hbs", text.to_owned());
    }
}
