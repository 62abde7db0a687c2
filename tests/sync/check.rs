//! What the command says and how it exits.

use hfgen::sys::{MemorySystem, System as _};
use std::path::Path;

use hfgen::python::library;

use crate::mini::{
    BERT_CONFIG, BERT_MODEL, LOCK, PACKAGE, Said, Wanted, check, locked, mini, sync, sync_with, synced, wanted,
};

fn said(code: u8, out: &str) -> Said {
    Said { code, out: out.to_owned(), err: String::new() }
}

#[test]
fn first_sync_writes_and_second_does_not() {
    let system = mini();
    let counts = "transformers 9.9.0: 3 model types in 3 modules, 5 model classes, 8 configuration fields (0 unread)\n";
    let missing = check(&system);
    assert_eq!(missing, said(1, "there is no registry.lock; run `hfgen sync`\n"));
    assert_eq!(sync(&system), said(0, &format!("{counts}registry.lock written\n")));
    let before = system.files();
    assert_eq!(sync(&system), said(0, &format!("{counts}registry.lock is up to date\n")));
    assert_eq!(check(&system), said(0, "registry.lock is up to date\n"));
    assert_eq!(system.files(), before);
}

#[test]
fn facts_of_the_small_package() {
    let system = mini();
    sync(&system);
    let text = system.read_text(Path::new(LOCK)).unwrap();
    insta::assert_snapshot!("small_package", text);
}

#[test]
fn check_names_what_is_new_gone_and_changed() {
    let system = mini();
    sync(&system);
    let package = Path::new(PACKAGE);
    let config = BERT_CONFIG.replace("30522", "1000").replace("dropout: float = 0.1", "act: str = \"gelu\"");
    system.put(package.join("models/bert/configuration_bert.py"), config);
    system.put(
        package.join("models/auto/configuration_auto.py"),
        "CONFIG_MAPPING_NAMES.update({\"new-one\": \"BertConfig\"})\n\
         CONFIG_MAPPING_NAMES = OrderedDict(**{\"bert-sw3\": \"BertConfig\"}, **CONFIG_MAPPING_NAMES)\n",
    );
    let expected = "\
new      new-one
gone     eye-2.5
changed  bert
           config.fields: + act, - dropout
           config.fields.vocab_size: 30522 -> 1000
changed  bert-sw3
           config.fields: + act, - dropout
           config.fields.vocab_size: 30522 -> 1000
1 new, 1 gone, 2 changed; run `hfgen sync`
";
    let before = system.files();
    assert_eq!(check(&system), said(1, expected));
    assert_eq!(system.files(), before, "a check writes nothing");
    assert_eq!(sync(&system).out.lines().last(), Some("registry.lock written: 1 new, 1 gone, 2 changed"));
    assert_eq!(check(&system).code, 0);
}

#[test]
fn check_tells_code_from_facts() {
    let system = mini();
    sync(&system);
    let model = BERT_MODEL.replace("return hidden_states", "return hidden_states * 2");
    system.put(Path::new(PACKAGE).join("models/bert/modeling_bert.py"), model);
    let expected = "\
changed  bert
           code: other than before, with the same facts
changed  bert-sw3
           code: other than before, with the same facts
0 new, 0 gone, 2 changed; run `hfgen sync`
";
    assert_eq!(check(&system), said(1, expected));
}

#[test]
fn check_in_json() {
    let system = mini();
    sync(&system);
    system.put(Path::new(PACKAGE).join("__init__.py"), "__version__ = \"9.9.1\"\n_import_structure = {}\n");
    system.put(Path::new(PACKAGE).join("models/bert/modeling_bert.py"), BERT_MODEL.replace("states", "states_"));
    let synced = synced(&system, &Wanted { check: true, ..wanted() }).unwrap();
    assert!(synced.differs());
    let value = hfgen::report::sync::value(&synced);
    assert_eq!(value["transformers"], "9.9.1");
    assert_eq!((&value["summary"]["types"], &value["summary"]["changed"]), (&3.into(), &2.into()));
    assert_eq!(value["written"], false);
    assert_eq!(value["head"][0], "transformers: 9.9.0 -> 9.9.1");
    assert_eq!(value["types"][0]["type"], "bert");
    assert_eq!(value["types"][0]["state"], "changed");
}

#[test]
fn package_is_found_in_the_environment() {
    let system = mini();
    let elsewhere = MemorySystem::default();
    for (path, bytes) in system.files() {
        let relative = path.strip_prefix(PACKAGE).unwrap();
        elsewhere.put(Path::new("/project/.venv/lib/python3.12/site-packages/transformers").join(relative), bytes);
    }
    let nowhere = Wanted { package: None, ..wanted() };
    assert_eq!(sync_with(&elsewhere, &nowhere).code, 0);
    assert_eq!(locked(&elsewhere).models.len(), 3);
    let said = sync_with(&mini(), &nowhere);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error[HF510]: no transformers package was found in /project/.venv, /project/venv\n"));
    let named = library::environments(&elsewhere, Path::new("/other"), Some("/project/.venv/bin/python"));
    assert_eq!(named, [Path::new("/project/.venv")]);
    assert!(said.err.contains("help: name one, which may be an unpacked wheel: `hfgen sync --package DIR`"));
    elsewhere.set_env("VIRTUAL_ENV", "/project/.venv");
    assert_eq!(sync_with(&elsewhere, &Wanted { root: "/other".into(), ..nowhere }).code, 0);
}

#[test]
fn the_folder_above_the_package_will_do() {
    let system = mini();
    assert_eq!(sync_with(&system, &Wanted { package: Some("/site".into()), ..wanted() }).code, 0);
}

#[test]
fn full_disk_is_a_finding() {
    let system = mini();
    system.fail_writes_after(Some(0));
    let said = sync(&system);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error[HF504]: /project/registry.lock can't be written"), "{}", said.err);
}
