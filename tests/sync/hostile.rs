//! Packages that are cut off, broken or made to harm: a finding, never a panic, and the lock stays as it was.

use std::path::Path;

use hfgen::sys::System as _;

use crate::mini::{LOCK, PACKAGE, locked, mini, mini_with, sync};

/// Runs sync over a package with one file replaced; the lock that was there must stay.
fn refused(path: &str, bytes: impl AsRef<[u8]>, code: &str, message: &str) {
    let system = mini();
    system.put(LOCK, "before");
    system.put(Path::new(PACKAGE).join(path), bytes);
    let said = sync(&system);
    assert_eq!(said.code, 2, "{path}: {}", said.err);
    assert!(said.err.contains(&format!("error[{code}]: ")), "{path}: {}", said.err);
    assert!(said.err.contains(message), "{path}: {}", said.err);
    assert_eq!(system.read_text(Path::new(LOCK)).unwrap(), "before");
}

#[test]
fn syntax_errors_have_their_place() {
    let system = mini_with("models/bert/modeling_bert.py", "x = 1\nclass Bert(:\n");
    let said = sync(&system);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error[HF512]: models/bert/modeling_bert.py isn't valid Python: "), "{}", said.err);
    assert!(said.err.contains("--> models/bert/modeling_bert.py:2:"), "{}", said.err);
    assert!(said.err.contains(" | class Bert(:\n"), "{}", said.err);
}

#[test]
fn broken_files() {
    refused("models/bert/modeling_bert.py", b"x = '\xff'\n", "HF512", "byte 5 isn't UTF-8");
    refused("models/auto/configuration_auto.py", "def (", "HF512", "isn't valid Python");
    refused("models/auto/auto_mappings.py", "x = 1\n", "HF513", "CONFIG_MAPPING_NAMES");
    refused("models/auto/auto_mappings.py", "CONFIG_MAPPING_NAMES = load()\n", "HF513", "auto_mappings.py:1:1");
    refused("__init__.py", "x = 1\n", "HF510", "doesn't say its version");
    refused("__init__.py", "__version__ = \"1\\n[model.x]\"\n", "HF510", "doesn't say its version");
    refused("__init__.py", b"\xff\xfe", "HF510", "holds no transformers package");
}

#[test]
fn a_table_that_is_made_by_code_names_its_place() {
    let system = mini_with("models/auto/configuration_auto.py", "CONFIG_MAPPING_NAMES = make(\n    1)\n");
    let said = sync(&system);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error[HF513]: CONFIG_MAPPING_NAMES can't be read without running it: a call\n"));
    assert!(said.err.contains("--> models/auto/configuration_auto.py:1:1\n"), "{}", said.err);
}

#[test]
fn missing_files() {
    for path in [
        "__init__.py",
        "models/auto/auto_mappings.py",
        "models/auto/configuration_auto.py",
        "models/auto/modeling_auto.py",
    ] {
        let system = mini();
        system.delete(Path::new(PACKAGE).join(path));
        let said = sync(&system);
        assert_eq!(said.code, 2, "{path}");
        assert!(said.err.contains("error[HF51"), "{path}: {}", said.err);
        assert!(!system.exists(Path::new(LOCK)), "{path}");
    }
    for path in ["models/auto/processing_auto.py", "models/auto/tokenization_auto.py", "models/eye/modeling_eye.py"] {
        let system = mini();
        system.delete(Path::new(PACKAGE).join(path));
        assert_eq!(sync(&system).code, 0, "{path} is not in every version");
    }
}

#[test]
fn a_package_without_the_mapping() {
    let system = mini_with("models/auto/configuration_auto.py", "x = 1\n");
    system.put(Path::new(PACKAGE).join("models/auto/auto_mappings.py"), "y = 1\n");
    let said = sync(&system);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error[HF511]: models/auto/configuration_auto.py has no CONFIG_MAPPING_NAMES\n"));
}

#[test]
fn classes_that_are_not_there_are_warnings() {
    let system =
        mini_with("models/auto/modeling_auto.py", "MODEL_MAPPING_NAMES = OrderedDict([(\"bert\", \"Gone\")])\n");
    let said = sync(&system);
    assert_eq!(said.code, 0);
    assert!(said.err.starts_with("warning[HF514]: `Gone`, which models/auto/modeling_auto.py names for `bert`"));
    let bert = &locked(&system).models["bert"];
    assert_eq!(bert.tasks["MODEL_MAPPING_NAMES"].classes, ["Gone"]);
    assert!(!bert.classes.contains_key("Gone"));
}

#[test]
fn deep_nesting_does_not_run_out_of_stack() {
    let deep = |open: &str, middle: &str, close: &str| {
        format!("x = {}{middle}{}\n", open.repeat(50_000), close.repeat(50_000))
    };
    let blocks: String = (0..3_000).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
    let sources = [
        deep("(", "1", ")"),
        deep("[", "1", "]"),
        deep("[0, ", "1", "]"),
        deep("f(", "1", ")"),
        deep("{1: ", "1", "}"),
        deep("-", "1", ""),
        deep("not ", "1", ""),
        deep("1 + ", "1", ""),
        deep("1 if 1 else ", "1", ""),
        deep("lambda: ", "1", ""),
        deep("x", "", ".a"),
        deep("x", "", "[0]"),
        deep("x", "", "()"),
        format!("{blocks}{}pass\n", " ".repeat(3_000)),
    ];
    for source in sources {
        let system = mini_with("models/bert/modeling_bert.py", &source);
        let said = sync(&system);
        let start: String = source.chars().take(30).collect();
        assert_eq!(said.code, 2, "{start}");
        assert!(said.err.contains("error[HF512]"), "{start}: {}", said.err);
    }
}

#[test]
fn cycles_of_imports_and_bases_end() {
    let system = mini_with(
        "models/bert/configuration_bert.py",
        "from ..eye.configuration_eye import EyeConfig, LEFT\nRIGHT = LEFT\n\
         class BertConfig(EyeConfig):\n    a: int = RIGHT\n",
    );
    system.put(
        Path::new(PACKAGE).join("models/eye/configuration_eye.py"),
        "from ..bert.configuration_bert import BertConfig, RIGHT\nLEFT = RIGHT\n\
         class EyeConfig(BertConfig):\n    b: int = 1\n",
    );
    assert_eq!(sync(&system).code, 0);
    let lock = locked(&system);
    let fields = &lock.models["bert"].config.as_ref().unwrap().fields;
    assert_eq!(fields["a"].to_string(), "{ unread = \"RIGHT\" }");
    assert_eq!(fields["b"].to_string(), "1");
}

#[test]
fn odd_names_stay_data() {
    let table = "CONFIG_MAPPING_NAMES.update({\"x]\\n[model.y\": \"BertConfig\", \"../up\": \"BertConfig\", \"\": \"BertConfig\"})\n";
    let system = mini_with("models/auto/configuration_auto.py", table);
    assert_eq!(sync(&system).code, 0);
    let lock = locked(&system);
    assert!(lock.models.contains_key("x]\n[model.y"));
    assert!(lock.models.contains_key("../up"));
    assert!(!lock.models.contains_key("y"));
}

#[test]
fn endless_loops_end() {
    let table = "\
CONFIG_MAPPING_NAMES = OrderedDict([(\"bert\", \"BertConfig\")])
for a in list(range(100000)):
    for b in list(range(100000)):
        for c in list(range(100000)):
            x = 1
";
    assert_eq!(sync(&mini_with("models/auto/configuration_auto.py", table)).code, 0);
}
