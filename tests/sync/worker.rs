//! The real modules of a worker project.

use crate::mini::{Wanted, check, locked, mini, sync, sync_with, wanted};

const BERT: &str = "\
import asyncio

class helper:
    pass

class hf_bert:
    def __init__(self, resources=None, metadata=None):
        self.resources = resources

    def init_cpu(self, model, device, cpu_label):
        return None

    async def handle(self, x, *rest, flag=False, **more):
        return x
";

#[test]
fn modules_are_read() {
    let system = mini();
    system.put("/worker/ipfs/worker/skillset/hf_bert.py", BERT);
    system.put("/worker/hf_eye_2_5.py", "class hf_eye_2_5:\n    def run(self):\n        pass\n");
    system.put("/worker/elsewhere/hf_bert.py", "class hf_bert:\n    pass\n");
    system.put("/worker/old/skillset/hf_bert.py", "class hf_bert:\n    pass\n");
    system.put("/worker/hf_bert_sw3.py", "class hf_bert_sw4:\n    pass\n");
    system.put("/worker/hf_broken.py", "class (\n");
    system.put("/worker/hf_nothing_like_it.py", "class hf_nothing_like_it:\n    pass\n");
    let said = sync_with(&system, &Wanted { worker: Some("/worker".into()), ..wanted() });
    assert_eq!(said.code, 0, "{}", said.err);
    let lock = locked(&system);
    let worker = lock.models["bert"].worker.as_ref().unwrap();
    assert_eq!((worker.from.as_str(), worker.class.as_str()), ("ipfs/worker/skillset/hf_bert.py", "hf_bert"));
    let methods: Vec<String> =
        worker.methods.iter().map(|(name, parameters)| format!("{name}({})", parameters.join(", "))).collect();
    assert_eq!(
        methods,
        [
            "__init__(self, resources, metadata)",
            "init_cpu(self, model, device, cpu_label)",
            "handle(self, x, *rest, flag, **more)"
        ]
    );
    assert_eq!(lock.models["eye-2.5"].worker.as_ref().unwrap().from, "hf_eye_2_5.py");
    assert_eq!(lock.models["bert-sw3"].worker, None);
    for expected in [
        "warning[HF521]: hf_bert_sw3.py defines no class `hf_bert_sw3`\n",
        "help: its class is `hf_bert_sw4`; name it `hf_bert_sw3`\n",
        "warning[HF512]: hf_broken.py isn't valid Python",
        "warning[HF522]: two modules stand for `bert`; ipfs/worker/skillset/hf_bert.py counts\n",
        "note[HF523]: hf_nothing_like_it.py stands for no model type of this transformers\n",
    ] {
        assert!(said.err.contains(expected), "{expected}\n---\n{}", said.err);
    }
}

#[test]
fn what_was_read_once_is_kept() {
    let system = mini();
    system.put("/worker/hf_bert.py", BERT);
    sync_with(&system, &Wanted { worker: Some("/worker".into()), ..wanted() });
    assert_eq!(check(&system).code, 0);
    assert_eq!(sync(&system).code, 0);
    assert!(locked(&system).models["bert"].worker.is_some());
    system.put("/worker/hf_bert.py", "class hf_bert:\n    pass\n");
    let said = sync_with(&system, &Wanted { worker: Some("/worker".into()), check: true, ..wanted() });
    assert_eq!(said.out, "changed  bert\n           worker: changed\n0 new, 0 gone, 1 changed; run `hfgen sync`\n");
}

#[test]
fn no_modules_is_an_error() {
    let said = sync_with(&mini(), &Wanted { worker: Some("/nowhere".into()), ..wanted() });
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error[HF520]: /nowhere holds no hf_<type>.py\n"), "{}", said.err);
}
