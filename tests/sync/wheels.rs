//! Real packages: counts, facts of some types, and every default against what Python reports. Each test says what it lacks
//! where a package isn't at hand.
#![allow(clippy::print_stdout, reason = "a skipped test says why")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use hfgen::discover::{self, Read, Sync, Workers};
use hfgen::registry::lock::{Literal, Lock, ModelFacts, parse, split, write};
use hfgen::sys::OsSystem;

fn cache() -> PathBuf {
    Path::new(&std::env::var("HOME").unwrap_or_default()).join(".cache/hfgen")
}

fn package(version: &str) -> Option<PathBuf> {
    let wheels = std::env::var("HFGEN_TRANSFORMERS_DIR").map_or_else(|_| cache().join("wheels"), PathBuf::from);
    let package = wheels.join(format!("transformers-{version}")).join("transformers");
    if package.join("__init__.py").exists() {
        return Some(package);
    }
    println!("skipped: there is no {}; tests/support/fetch_wheels.sh gets it", package.display());
    None
}

fn read(version: &str) -> Option<Read> {
    Some(discover::read(&OsSystem, &package(version)?, &Workers::new()).expect("a real package can be read"))
}

/// 5.23.0, read once.
fn current() -> Option<&'static Lock> {
    static LOCK: OnceLock<Option<Lock>> = OnceLock::new();
    LOCK.get_or_init(|| read("5.23.0").map(|read| read.lock)).as_ref()
}

fn modules(lock: &Lock) -> usize {
    lock.models.values().map(|facts| facts.module.as_str()).collect::<BTreeSet<_>>().len()
}

fn fields(lock: &Lock) -> impl Iterator<Item = &Literal> {
    lock.models.values().filter_map(|facts| facts.config.as_ref()).flat_map(|config| config.fields.values())
}

#[test]
fn counts() {
    for (version, types, in_modules) in [("4.49.0", 310, 298), ("4.57.6", 421, 384), ("5.23.0", 804, 530)] {
        let Some(read) = read(version) else { continue };
        let lock = &read.lock;
        assert_eq!((lock.head.transformers.as_str(), lock.models.len(), modules(lock)), (version, types, in_modules));
        assert_eq!(fields(lock).filter(|value| matches!(value, Literal::Unread { .. })).count(), 0, "{version}");
        let missing: Vec<&str> = read.findings.iter().map(|finding| finding.message.as_str()).collect();
        // An upstream slip, in that version alone.
        let slip = "`PerceptionEncoder`, which models/auto/modeling_auto.py names for `perception_encoder`, \
                    is not defined in the package";
        assert_eq!(missing, if version == "4.57.6" { vec![slip] } else { vec![] }, "{version}");
        assert!(lock.models.values().all(|facts| facts.config.is_some() && !facts.sources.is_empty()), "{version}");
    }
}

#[test]
fn classes_to_test_of_the_current_version() {
    let Some(lock) = current() else { return };
    let mapped = |facts: &ModelFacts| -> BTreeSet<String> {
        facts.tasks.values().flat_map(|task| task.classes.clone()).collect()
    };
    let pairs: usize = lock.models.values().map(|facts| mapped(facts).len()).sum();
    let without_task = lock.models.values().filter(|facts| facts.tasks.is_empty());
    let only_named: usize = without_task.clone().map(|facts| facts.classes.len()).sum();
    let bare = lock.models.values().filter(|facts| facts.classes.is_empty()).count();
    assert_eq!((pairs, without_task.count(), bare), (1576, 155, 28));
    assert_eq!(pairs + only_named, 1737);
    assert!(fields(lock).count() > 14_900);
}

fn model<'a>(lock: &'a Lock, key: &str) -> &'a ModelFacts {
    &lock.models[key]
}

#[test]
fn facts_of_bert() {
    let Some(lock) = current() else { return };
    let bert = model(lock, "bert");
    let config = bert.config.as_ref().unwrap();
    assert_eq!((config.class.as_str(), config.from.as_str()), ("BertConfig", "models/bert/configuration_bert.py"));
    assert_eq!(config.bases, ["PreTrainedConfig"]);
    assert_eq!(config.fields["vocab_size"], Literal::Int(30522));
    assert_eq!(config.fields["layer_norm_eps"], Literal::Float(1e-12));
    assert_eq!(config.fields["classifier_dropout"], Literal::none());
    assert_eq!(bert.tasks["MODEL_FOR_MASKED_LM_MAPPING_NAMES"].classes, ["BertForMaskedLM"]);
    assert_eq!(bert.tasks["MODEL_FOR_MASKED_LM_MAPPING_NAMES"].pipeline.as_deref(), Some("fill-mask"));
    assert_eq!(bert.tasks["MODEL_FOR_CAUSAL_LM_MAPPING_NAMES"].pipeline.as_deref(), Some("text-generation"));
    let sequence = &bert.tasks["MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES"];
    assert_eq!(sequence.pipeline.as_deref(), Some("text-classification"));
    assert!(bert.classes["BertLMHeadModel"].generates && !bert.classes["BertModel"].generates);
    assert_eq!(bert.classes["BertModel"].main_input, "input_ids");
    assert_eq!(bert.classes["BertModel"].forward[..2], ["input_ids", "attention_mask"]);
    assert!(bert.classes["BertModel"].sdpa);
    assert_eq!(bert.processors.tokenizer, ["BertTokenizer"]);
    assert!(!bert.classes.contains_key("BertPreTrainedModel"));
}

#[test]
fn facts_of_types_added_by_code() {
    let Some(lock) = current() else { return };
    let gpt_sw3 = model(lock, "gpt-sw3");
    assert_eq!(gpt_sw3.module, "gpt_sw3");
    assert_eq!(gpt_sw3.config.as_ref().unwrap().class, "GPT2Config");
    assert_eq!(gpt_sw3.config.as_ref().unwrap().from, "models/gpt2/configuration_gpt2.py");
    assert_eq!(gpt_sw3.tasks["MODEL_FOR_CAUSAL_LM_MAPPING_NAMES"].classes, ["GPT2LMHeadModel"]);
    assert!(gpt_sw3.sources.contains(&"models/gpt2/modeling_gpt2.py".to_owned()));
    assert_eq!(model(lock, "EvollaModel").module, "evolla");
    assert_eq!(model(lock, "mimi_decoder").module, "mimi");
}

#[test]
fn facts_of_composites() {
    let Some(lock) = current() else { return };
    let llava = model(lock, "llava").config.as_ref().unwrap();
    assert_eq!(llava.code, ["__post_init__"]);
    assert_eq!(llava.attribute_map["image_token_id"], "image_token_index");
    let vision = &llava.sub_configs["vision_config"];
    assert_eq!((vision.class.as_str(), vision.model_type.as_deref()), ("AutoConfig", Some("clip_vision_model")));
    assert_eq!(vision.init["patch_size"], Literal::Int(14));
    let llava = &model(lock, "llava").classes["LlavaForConditionalGeneration"];
    assert_eq!(llava.modalities, ["image", "text"]);
    assert!(llava.generates && llava.forward.contains(&"pixel_values".to_owned()));
    let kosmos = model(lock, "kosmos-2.5");
    assert_eq!(kosmos.module, "kosmos2_5");
    let text = &kosmos.config.as_ref().unwrap().sub_configs["text_config"];
    assert_eq!(
        (text.class.as_str(), text.model_type.as_deref()),
        ("Kosmos2_5TextConfig", Some("kosmos_2_5_text_model"))
    );
    let whisper = model(lock, "whisper");
    assert_eq!(whisper.classes["WhisperForConditionalGeneration"].main_input, "input_features");
    assert_eq!(whisper.processors.feature_extractor, ["WhisperFeatureExtractor"]);
    let speech = &whisper.tasks["MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES"];
    assert_eq!(speech.pipeline.as_deref(), Some("automatic-speech-recognition"));
    let vit = model(lock, "vit");
    assert_eq!(vit.tasks["MODEL_MAPPING_NAMES"].pipeline.as_deref(), Some("image-feature-extraction"));
    assert_eq!(vit.processors.image_processor, ["ViTImageProcessor", "ViTImageProcessorPil"]);
    assert_eq!(vit.processors.from, ["models/auto/auto_mappings.py"]);
}

#[test]
fn facts_of_the_old_style() {
    let Some(read) = read("4.49.0") else { return };
    let whisper = model(&read.lock, "whisper");
    let config = whisper.config.as_ref().unwrap();
    assert_eq!(config.fields["d_model"], Literal::Int(384));
    assert_eq!(config.fields["begin_suppress_tokens"], Literal::List(vec![Literal::Int(220), Literal::Int(50256)]));
    assert!(!whisper.classes["WhisperModel"].generates, "`PreTrainedModel` itself had GenerationMixin then");
    assert!(whisper.classes["WhisperForConditionalGeneration"].generates);
    assert_eq!(model(&read.lock, "bert").processors.tokenizer, ["BertTokenizer", "BertTokenizerFast"]);
    let t5 = &model(&read.lock, "t5").tasks["MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES"];
    assert_eq!(t5.pipeline.as_deref(), Some("text2text-generation"));
    assert_eq!(model(&read.lock, "mega").module, "deprecated/mega");
}

#[test]
fn exported_names_are_known() {
    let Some(lock) = current() else { return };
    let names: BTreeSet<&str> = lock.head.names().collect();
    for name in
        ["BertModel", "AutoModelForCausalLM", "AutoTokenizer", "PreTrainedConfig", "GenerationMixin", "pipeline"]
    {
        assert!(names.contains(name), "{name}");
    }
    assert!(!names.contains("BertEncoder") && !names.contains("BertMadeUp") && !names.contains("*"));
    assert!(lock.head.class_names["models.bert"].contains(&"BertModel".to_owned()));
}

#[test]
fn the_whole_lock_goes_round_and_is_stable() {
    let Some(lock) = current() else { return };
    let text = write(lock);
    assert!(text.len() < 2_000_000, "{} bytes", text.len());
    let (again, findings) = parse("registry.lock", &text);
    assert_eq!(findings, []);
    assert_eq!(write(&again), text);
    assert_eq!(split(&text).sections.len(), 804);
    let threads = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = threads.install(|| read("5.23.0")).unwrap();
    assert_eq!(write(&alone.lock), text);
}

/// `HFGEN_UPDATE=1` writes it anew.
#[test]
fn committed_lock_is_current() {
    let Some(package) = package("5.23.0") else { return };
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let check = std::env::var_os("HFGEN_UPDATE").is_none();
    let synced = discover::sync(&OsSystem, &Sync { root, package, worker: None, check }).unwrap();
    assert!(!synced.differs(), "{}", hfgen::report::sync::changes(&synced));
    assert_eq!(synced.findings, []);
}

/// The share of fields that must agree; the rest may be made by code.
const AGREE: f64 = 0.999;

#[test]
fn defaults_agree_with_python() {
    for version in ["5.23.0", "4.57.6", "4.49.0"] {
        let home = std::env::var("HFGEN_TRANSFORMERS_VENV").ok().filter(|_| version == "5.23.0");
        let venv = home.map_or_else(|| cache().join(format!("venv-transformers-{version}")), PathBuf::from);
        let python = venv.join("bin/python");
        if !python.exists() {
            println!("skipped: there is no {}; `pip install transformers=={version}` into it", python.display());
            continue;
        }
        let site = installed(&venv);
        let read = discover::read(&OsSystem, &site, &Workers::new()).expect("an installed package can be read");
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join("registry.lock");
        std::fs::write(&lock, write(&read.lock)).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/config_defaults.py");
        let ran = Command::new(&python).arg(script).arg(&lock).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
        let (agree, all) = (report["agree"].as_f64().unwrap(), report["fields"].as_f64().unwrap());
        println!("{version}: {agree} of {all} fields agree; {} {}", report["differ"], report["missing"]);
        assert!(all > 5_000.0 && agree / all >= AGREE, "{version}: {agree} of {all}: {report}");
    }
}

/// `transformers` in a virtual environment.
fn installed(venv: &Path) -> PathBuf {
    let pythons = std::fs::read_dir(venv.join("lib")).unwrap().map(|entry| entry.unwrap().path());
    let mut packages = pythons.map(|python| python.join("site-packages/transformers"));
    packages.find(|package| package.exists()).expect("transformers is installed there")
}
