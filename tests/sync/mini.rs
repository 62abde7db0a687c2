//! A transformers of two model types, in memory, and the command run over it.

use std::path::{Path, PathBuf};

use hfgen::discover::{self, Sync, Synced};
use hfgen::finding::Finding;
use hfgen::python::library;
use hfgen::registry::lock::{Lock, parse};
use hfgen::report::{self, Look};
use hfgen::sys::{MemorySystem, System as _};

pub const PACKAGE: &str = "/site/transformers";
pub const LOCK: &str = "/project/registry.lock";

pub const BERT_CONFIG: &str = r#"
"""BERT model configuration"""
from ...configuration_utils import PreTrainedConfig

class BertConfig(PreTrainedConfig):
    r"""A docstring."""

    model_type = "bert"

    vocab_size: int = 30522
    hidden_size: int = 768  # the width
    dropout: float = 0.1
"#;

pub const BERT_MODEL: &str = r#"
from ...modeling_utils import PreTrainedModel
from ...generation import GenerationMixin
from .configuration_bert import BertConfig

class BertPreTrainedModel(PreTrainedModel):
    config: BertConfig
    _supports_sdpa = True

class BertModel(BertPreTrainedModel):
    def forward(self, input_ids=None, attention_mask=None, **kwargs):
        """Runs it."""
        return input_ids

class BertLMHeadModel(BertPreTrainedModel, GenerationMixin):
    def forward(self, input_ids=None, labels=None):
        return labels

class BertEncoder(BertPreTrainedModel):
    def forward(self, hidden_states):
        return hidden_states

__all__ = ["BertModel", "BertLMHeadModel", "BertPreTrainedModel"]
"#;

const FILES: &[(&str, &str)] = &[
    (
        "__init__.py",
        r#"
__version__ = "9.9.0"
_import_structure = {"configuration_utils": ["PreTrainedConfig"], "utils": []}
try:
    if not is_torch_available():
        raise OptionalDependencyNotAvailable()
except OptionalDependencyNotAvailable:
    _import_structure["utils.dummy_pt_objects"] = ["DummyModel"]
else:
    _import_structure["modeling_utils"] = ["PreTrainedModel"]
"#,
    ),
    (
        "configuration_utils.py",
        r#"
class PreTrainedConfig(PushToHubMixin):
    model_type: ClassVar[str] = ""
    return_dict: bool | None = True
    is_encoder_decoder: bool = False
"#,
    ),
    (
        "modeling_utils.py",
        r#"
class PreTrainedModel(nn.Module):
    main_input_name: str = "input_ids"
    input_modalities: str | list[str] = "text"
    _supports_sdpa: bool = False
"#,
    ),
    ("generation/__init__.py", "from .utils import GenerationMixin\n"),
    ("generation/utils.py", "class GenerationMixin:\n    pass\n"),
    (
        "pipelines/__init__.py",
        r#"
SUPPORTED_TASKS = {
    "feature-extraction": {
        "impl": FeatureExtractionPipeline,
        "pt": (AutoModel,) if is_torch_available() else (),
        "type": "text",
    },
    "image-feature-extraction": {"impl": X, "pt": (AutoModel,) if is_torch_available() else (), "type": "image"},
    "text-generation": {"impl": X, "pt": (AutoModelForCausalLM,) if is_torch_available() else (), "type": "text"},
}
"#,
    ),
    (
        "models/auto/auto_mappings.py",
        r#"
from collections import OrderedDict

CONFIG_MAPPING_NAMES = OrderedDict([("bert", "BertConfig")])
SPECIAL_MODEL_TYPE_TO_MODULE_NAME = OrderedDict([("eye-2.5", "eye")])
IMAGE_PROCESSOR_MAPPING_NAMES = OrderedDict([("eye-2.5", {"pil": "EyeProcessorPil", "torchvision": "EyeProcessor"})])
"#,
    ),
    (
        "models/auto/configuration_auto.py",
        r#"
from .auto_mappings import CONFIG_MAPPING_NAMES, SPECIAL_MODEL_TYPE_TO_MODULE_NAME

CONFIG_MAPPING_NAMES.update({"eye-2.5": "EyeConfig"})
CONFIG_MAPPING_NAMES = OrderedDict(**{"bert-sw3": "BertConfig"}, **CONFIG_MAPPING_NAMES)
"#,
    ),
    (
        "models/auto/modeling_auto.py",
        r#"
MODEL_MAPPING_NAMES = OrderedDict([("bert", "BertModel"), ("eye-2.5", "EyeModel")])
MODEL_FOR_CAUSAL_LM_MAPPING_NAMES = OrderedDict([("bert", "BertLMHeadModel"), ("bert-sw3", "BertLMHeadModel")])

MODEL_MAPPING = _LazyAutoMapping(CONFIG_MAPPING_NAMES, MODEL_MAPPING_NAMES)
MODEL_FOR_CAUSAL_LM_MAPPING = _LazyAutoMapping(CONFIG_MAPPING_NAMES, MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)

class AutoModel(_BaseAutoModelClass):
    _model_mapping = MODEL_MAPPING

AutoModel = auto_class_update(AutoModel)

class AutoModelForCausalLM(_BaseAutoModelClass):
    _model_mapping = MODEL_FOR_CAUSAL_LM_MAPPING
"#,
    ),
    (
        "models/auto/tokenization_auto.py",
        r#"
TOKENIZER_MAPPING_NAMES = OrderedDict[str, str | None](
    [("bert", ("BertTokenizer", "BertTokenizerFast" if is_tokenizers_available() else None))]
)
for model_type in {"bert-sw3"}:
    if model_type not in TOKENIZER_MAPPING_NAMES:
        TOKENIZER_MAPPING_NAMES[model_type] = "Backend" if is_tokenizers_available() else None
"#,
    ),
    (
        "models/auto/image_processing_auto.py",
        r#"
from .auto_mappings import IMAGE_PROCESSOR_MAPPING_NAMES
if TYPE_CHECKING:
    IMAGE_PROCESSOR_MAPPING_NAMES: OrderedDict = OrderedDict()
else:
    MISSING = OrderedDict([("bert", {"torchvision": "OddProcessor"})])
    IMAGE_PROCESSOR_MAPPING_NAMES.update(MISSING)
"#,
    ),
    ("models/bert/configuration_bert.py", BERT_CONFIG),
    ("models/bert/modeling_bert.py", BERT_MODEL),
    ("models/bert/tokenization_bert.py", "class BertTokenizer:\n    pass\n\n__all__ = [\"BertTokenizer\"]\n"),
    ("models/bert/modular_bert.py", "this is never read"),
    (
        "models/eye/configuration_eye.py",
        r#"
from ...configuration_utils import PreTrainedConfig, SubConfigSpec
from ..bert.configuration_bert import BertConfig

class EyeConfig(PreTrainedConfig):
    model_type = "eye-2.5"
    attribute_map = {"width": "hidden_size"}
    sub_configs_defaults = {
        "text_config": BertConfig,
        "vision_config": SubConfigSpec(AutoConfig, model_type="clip", init_kwargs={"hidden_size": 4}, optional=True),
    }
    text_config: dict | None = None
    hidden_size: int = 32

    def __post_init__(self, **kwargs):
        pass
"#,
    ),
    (
        "models/eye/modeling_eye.py",
        r#"
from ...modeling_utils import PreTrainedModel
from .configuration_eye import EyeConfig

class EyeModel(PreTrainedModel):
    config_class = EyeConfig
    main_input_name = "pixel_values"
    input_modalities = ("image",)

    def forward(self, pixel_values, *, bool_masked_pos=None):
        return pixel_values
"#,
    ),
];

/// The package as it should be.
pub fn mini() -> MemorySystem {
    let system = MemorySystem::default();
    for (path, text) in FILES {
        system.put(Path::new(PACKAGE).join(path), text);
    }
    system
}

/// The package with one file put in its place, or added.
pub fn mini_with(path: &str, text: &str) -> MemorySystem {
    let system = mini();
    system.put(Path::new(PACKAGE).join(path), text);
    system
}

/// What is asked for.
pub struct Wanted {
    pub root: PathBuf,
    /// Looked for in the project's environments where none is named.
    pub package: Option<PathBuf>,
    pub worker: Option<PathBuf>,
    pub check: bool,
}

pub fn wanted() -> Wanted {
    Wanted { root: PathBuf::from("/project"), package: Some(PathBuf::from(PACKAGE)), worker: None, check: false }
}

/// What people are told, and the exit code.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    pub code: u8,
    pub out: String,
    pub err: String,
}

/// Reads the package that is wanted, as the command does.
pub fn synced(system: &MemorySystem, wanted: &Wanted) -> Result<Synced, Vec<Finding>> {
    let environments = || library::environments(system, &wanted.root, None);
    let package = match &wanted.package {
        Some(package) => package.clone(),
        None => discover::find(system, &environments()).map_err(|finding| vec![finding])?,
    };
    let (root, worker, check) = (wanted.root.clone(), wanted.worker.clone(), wanted.check);
    discover::sync(system, &Sync { root, package, worker, check })
}

pub fn sync_with(system: &MemorySystem, wanted: &Wanted) -> Said {
    let told = |findings: &[Finding]| report::human::findings(&findings.iter().collect::<Vec<_>>(), &Look::PLAIN);
    match synced(system, wanted) {
        Ok(synced) => Said {
            code: u8::from(wanted.check && synced.differs()),
            out: if wanted.check { report::sync::changes(&synced) } else { report::sync::summary(&synced) },
            err: told(&synced.findings),
        },
        Err(findings) => Said { code: 2, out: String::new(), err: told(&findings) },
    }
}

pub fn sync(system: &MemorySystem) -> Said {
    sync_with(system, &wanted())
}

pub fn check(system: &MemorySystem) -> Said {
    sync_with(system, &Wanted { check: true, ..wanted() })
}

/// The lock that was written.
pub fn locked(system: &MemorySystem) -> Lock {
    let text = system.read_text(Path::new(LOCK)).expect("a lock was written");
    let (lock, findings) = parse("registry.lock", &text);
    assert_eq!(findings, []);
    lock
}
