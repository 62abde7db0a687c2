//! The format: cut, parsed and written again it is the same, and damage is a finding with its place.

use hfgen::finding::codes::sync::{LOCK_CONFLICT, LOCK_DAMAGED, LOCK_FORMAT, LOCK_ORDER};
use hfgen::registry::lock::{mapping_word, parse, parse_head, parse_section, split, write};
use hfgen::sys::{MemorySystem, System as _};
use serde_json::json;
use std::path::Path;

use crate::mini::{BERT_MODEL, LOCK, PACKAGE, check, locked, mini, sync};

fn small() -> String {
    let system = mini();
    sync(&system);
    system.read_text(Path::new(LOCK)).unwrap()
}

#[test]
fn sections_are_cut_where_they_stand() {
    let text = small();
    let cut = split(&text);
    let keys: Vec<&str> = cut.sections.iter().map(|section| &*section.key).collect();
    assert_eq!(keys, ["bert", "bert-sw3", "eye-2.5"]);
    let mut whole = cut.head.to_owned();
    for section in &cut.sections {
        assert_eq!(section.offset(), whole.len());
        assert_eq!(section.line() as usize, whole.lines().count() + 1);
        assert!(text[section.offset()..].starts_with(section.text));
        whole.push_str(section.text);
    }
    assert_eq!(whole, text);
}

#[test]
fn round_trip() {
    let text = small();
    let (lock, findings) = parse("registry.lock", &text);
    assert_eq!(findings, []);
    assert_eq!(write(&lock), text);
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with(['[', '#']) || line.contains(" = ")));
}

#[test]
fn proven_facts_survive_writing_and_a_sync() {
    let system = mini();
    sync(&system);
    let (mut lock, _) = parse("registry.lock", &system.read_text(Path::new(LOCK)).unwrap());
    let class = json!({
        "config": "text_config", "tiny": {}, "inputs": {"input_ids": "ids B S", "past": ["noise B 2", null]}, "sequence": 24,
        "labels": {"labels": "ids B S high=2"}, "outputs": {"logits": "B S 512"}, "parameters": 123, "seconds": 0.02,
        "megabytes": 430, "call": "generate", "inert": ["pixel_values"], "random": true,
        "unreached": {"layers.*.gate": "no output depends on it"}, "layers": {"hidden_states": 7},
    });
    let proven = json!({
        "key": "0123456789abcdef", "torch": "2.15.0", "transformers": "9.9.0",
        "tiny": {"hidden_size": 64, "pad": null, "nested": {"rate": 0.5, "odd key": [1, [true]], "far": {"$py": "float('inf')"}}},
        "inputs": {"input_ids": "ids B S"},
        "classes": {"BertModel": class, "BertForMaskedLM": {"error": "build: ValueError: \"no\""}},
        "local": {"tokenizer": "BertTokenizer", "settings": {"words": ["a"]}},
    });
    lock.models.get_mut("bert").unwrap().proven = Some(serde_json::from_value(proven.clone()).unwrap());
    let text = write(&lock);
    let (again, findings) = parse("registry.lock", &text);
    assert_eq!(findings, []);
    assert_eq!(write(&again), text);
    assert_eq!(json!(again.models["bert"].proven), proven);
    assert!(
        split(&text)
            .sections
            .iter()
            .any(|section| section.key == "bert" && section.text.contains("[model.bert.proven]"))
    );
    system.write_atomic(Path::new(LOCK), text.as_bytes()).unwrap();
    assert_eq!(sync(&system).err, "");
    assert_eq!(system.read_text(Path::new(LOCK)).unwrap(), text);

    // They outlive a change of what they were proven of, too, and the change is told.
    let path = Path::new(PACKAGE).join("models/bert/modeling_bert.py");
    system.put(&path, BERT_MODEL.replace("return hidden_states", "# only a word\n        return hidden_states"));
    assert_eq!(sync(&system).err, "");
    system.put(&path, BERT_MODEL.replace("return hidden_states", "return hidden_states * 2"));
    let told = sync(&system);
    assert_eq!(told.code, 0);
    assert!(
        told.err.contains("warning[HF534]: the proven facts of 1 model type are out of date (bert)"),
        "{}",
        told.err
    );
    assert!(told.err.contains("run `hfgen probe`"));
    assert_eq!(json!(locked(&system).models["bert"].proven), proven);
    let init = Path::new(PACKAGE).join("__init__.py");
    system.put(&init, system.read_text(&init).unwrap().replace("9.9.0", "9.10.0"));
    assert!(sync(&system).err.contains("HF534"), "another version is another library");
}

#[test]
fn keys_of_any_kind_survive() {
    let (mut lock, _) = parse("registry.lock", &small());
    let facts = lock.models["bert"].clone();
    for key in
        ["a.b", "quote\"d", "back\\slash", "sp ace", "ünï", "[model.x]", "-", "true", "bert-sw3.config", "new\nline"]
    {
        lock.models.insert(key.to_owned(), facts.clone());
    }
    let text = write(&lock);
    let (again, findings) = parse("registry.lock", &text);
    assert_eq!(findings, []);
    assert_eq!(again, lock);
    assert_eq!(split(&text).sections.len(), lock.models.len());
}

#[test]
fn damage_has_its_place() {
    let text = small().replace("hidden_size = 32", "hidden_size = 32 apples");
    let (lock, findings) = parse("registry.lock", &text);
    assert_eq!(lock.models.len(), 2, "the other sections can be read");
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(finding.code, LOCK_DAMAGED);
    assert!(finding.message.starts_with("the section of `eye-2.5` can't be read"), "{}", finding.message);
    let place = finding.place.as_ref().unwrap();
    assert_eq!(place.snippet.as_deref(), Some("hidden_size = 32 apples"));
    let line = text.lines().position(|line| line.contains("apples")).unwrap() + 1;
    assert_eq!(place.line as usize, line);
}

#[test]
fn kinds_of_damage() {
    let text = small();
    let code = |text: &str| parse("registry.lock", text).1.first().map(|finding| finding.code);
    let conflict =
        text.replace("hidden_size = 32", "<<<<<<< ours\nhidden_size = 32\n=======\nhidden_size = 3\n>>>>>>> theirs");
    assert_eq!(code(&conflict), Some(LOCK_CONFLICT));
    assert_eq!(code(&format!("<<<<<<< ours\n{text}")), Some(LOCK_CONFLICT));
    assert_eq!(code(&text.replace("version = 1", "version = 2\nnews = true")), Some(LOCK_FORMAT));
    assert_eq!(code(&text.replace("version = 1", "version = 0")), Some(LOCK_FORMAT));
    assert_eq!(code(&text.replace("version = 1\n", "")), Some(LOCK_DAMAGED));
    assert_eq!(code(""), Some(LOCK_DAMAGED));
    assert_eq!(code(&text.replace("[model.bert-sw3", "[model.bert")), Some(LOCK_ORDER));
    assert_eq!(code(&text.replace("[model.bert-sw3", "[model.aaa")), Some(LOCK_ORDER));
    assert_eq!(code(&text.replace("[model.bert.tasks]", "[model.gpt.tasks]")), Some(LOCK_DAMAGED));
    assert_eq!(code(&text.replace("[model.bert.tasks]", "[tasks]")), Some(LOCK_DAMAGED));
    assert_eq!(code(&text.replace("module = \"eye\"", "module = 3")), Some(LOCK_DAMAGED));
    assert_eq!(code(&text.replace("module = \"eye\"", "modul = \"eye\"")), Some(LOCK_DAMAGED));
    assert_eq!(code(&text.replace("{ py = \"None\" }", "{ pi = \"None\" }")), Some(LOCK_DAMAGED));
    assert_eq!(code(&text.replace("{ py = \"None\" }", "1979-05-27")), Some(LOCK_DAMAGED));
}

#[test]
fn cut_off_anywhere_it_never_panics() {
    let text = small();
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let cut = split(&text[..end]);
        let _ = parse_head("registry.lock", &cut);
        if let Some(last) = cut.sections.last() {
            let _ = parse_section("registry.lock", last);
        }
    }
}

#[test]
fn check_refuses_a_damaged_lock_and_sync_mends_it() {
    let system: MemorySystem = mini();
    sync(&system);
    let good = system.read_text(Path::new(LOCK)).unwrap();
    system.put(LOCK, good.replace("main_input = \"pixel_values\"", "main_input = pixel"));
    let said = check(&system);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error[HF500]: the section of `eye-2.5` can't be read"), "{}", said.err);
    assert!(said.err.contains(" | main_input = pixel\n"), "{}", said.err);
    assert_eq!(sync(&system).code, 0);
    assert_eq!(system.read_text(Path::new(LOCK)).unwrap(), good);
}

#[test]
fn mappings_have_a_word() {
    assert_eq!(mapping_word("MODEL_FOR_CAUSAL_LM_MAPPING_NAMES"), "CAUSAL_LM");
    assert_eq!(mapping_word("MODEL_MAPPING_NAMES"), "BASE");
    assert_eq!(mapping_word("MODEL_FOR_AUDIO_TOKENIZATION_NAMES"), "AUDIO_TOKENIZATION");
    assert_eq!(mapping_word("MODEL_WITH_LM_HEAD_MAPPING_NAMES"), "WITH_LM_HEAD");
}
