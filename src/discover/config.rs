//! What a configuration class says: its fields with their defaults, the configurations it holds, its other names for
//! fields. Two styles: annotated class attributes (5.x) and parameters of `__init__` (4.x).

use std::collections::BTreeSet;

use indexmap::IndexMap;
use ruff_python_ast::{Expr, Parameters, Stmt, StmtFunctionDef};

use super::eval::{Unread, eval};
use super::library::{ClassId, Constants, Library};
use super::outline::Attribute;
use super::value::Value;
use crate::registry::lock::{ConfigFacts, Literal, SubConfig};

/// The names that the base of all configurations has had.
const ROOTS: [&str; 2] = ["PreTrainedConfig", "PretrainedConfig"];
const ROOT_FILE: &str = "configuration_utils.py";

/// Fields by name.
type Fields = IndexMap<String, Literal>;

/// Reads configuration classes.
pub struct Configs<'a> {
    library: &'a Library,
    constants: Constants<'a>,
    root: Option<ClassId>,
}

impl<'a> Configs<'a> {
    pub fn new(library: &'a Library) -> Self {
        let root = library.classes().find(|id| library.path(*id) == ROOT_FILE && ROOTS.contains(&library.name(*id)));
        Self { library, constants: Constants::new(library), root }
    }

    /// The fields that every configuration has.
    pub fn base_fields(&self) -> Fields {
        self.root.map(|root| self.own_fields(root, &Fields::new())).unwrap_or_default()
    }

    /// The facts of one class.
    pub fn facts(&self, id: ClassId) -> ConfigFacts {
        let lineage = self.lineage(id);
        let class = self.library.class(id);
        let code: BTreeSet<&String> = lineage
            .iter()
            .flat_map(|id| self.library.class(*id).methods.keys())
            .filter(|name| matches!(name.as_str(), "__init__" | "__post_init__") || name.starts_with("validate_"))
            .collect();
        ConfigFacts {
            class: self.library.name(id).to_owned(),
            bases: class.bases.clone(),
            from: self.library.path(id).to_owned(),
            code: code.into_iter().cloned().collect(),
            fields: self.fields(id),
            sub_configs: self.sub_configs(id),
            attribute_map: self.attribute_map(id),
        }
    }

    /// `model_type = "..."` of a class.
    fn model_type(&self, id: ClassId) -> Option<String> {
        let (near, attribute) = self.inherited(id, "model_type")?;
        let value = self.eval(near, attribute.value.as_ref()?, &Fields::new()).ok()?;
        value.as_text().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The class and its bases below the root, as Python looks them up.
    fn lineage(&self, id: ClassId) -> Vec<ClassId> {
        let above: Vec<ClassId> = self.root.map(|root| self.library.ancestry(root)).unwrap_or_default();
        self.library.ancestry(id).into_iter().filter(|id| !above.contains(id)).collect()
    }

    fn fields(&self, id: ClassId) -> Fields {
        let lineage = self.lineage(id);
        // As a dataclass does it: the bases' fields first; a field that is defined again keeps its place.
        let mut fields = Fields::new();
        for (index, id) in lineage.iter().enumerate().rev() {
            let own = match self.library.class(*id).init.as_deref() {
                Some(init) => {
                    let inherits = index + 1 < lineage.len() && takes_more(&init.parameters);
                    if !inherits {
                        fields.clear();
                    }
                    self.parameters(*id, init, inherits)
                }
                None => self.own_fields(*id, &fields),
            };
            fields.extend(own);
        }
        fields
    }

    /// The annotated attributes of a class; `inherited` is what a default may refer to by falling back on a base.
    fn own_fields(&self, id: ClassId, inherited: &Fields) -> Fields {
        let class = self.library.class(id);
        if let Some(init) = class.init.as_deref() {
            return self.parameters(id, init, false);
        }
        let mut fields = Fields::new();
        for (name, attribute) in &class.attributes {
            let Some(annotation) = &attribute.annotation else { continue };
            if annotation.contains("ClassVar") {
                continue;
            }
            let value = match &attribute.value {
                Some(value) => self.literal(id, value, &attribute.source, &fields),
                // An annotation alone takes the default of the base, where it has one.
                None => {
                    inherited.get(name).cloned().unwrap_or_else(|| Literal::Unread { unread: "required".to_owned() })
                }
            };
            fields.insert(name.clone(), value);
        }
        fields
    }

    /// The parameters of an `__init__`; with `inherits`, also what it hands to its base's by a value that is known.
    fn parameters(&self, id: ClassId, init: &StmtFunctionDef, inherits: bool) -> Fields {
        let parameters = &init.parameters;
        let mut fields = Fields::new();
        let plain = parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs).skip(1);
        for parameter in plain {
            let value = match &parameter.default {
                Some(default) => self.literal(id, default, "", &Fields::new()),
                None => Literal::Unread { unread: "required".to_owned() },
            };
            fields.insert(parameter.parameter.name.to_string(), value);
        }
        if inherits {
            for keyword in super_call(init).into_iter().flat_map(|call| &call.arguments.keywords) {
                let Some(name) = keyword.arg.as_ref().filter(|name| !fields.contains_key(name.as_str())) else {
                    continue;
                };
                if let Some(value) = self.eval(id, &keyword.value, &fields).ok().and_then(|value| value.to_literal()) {
                    fields.insert(name.to_string(), value);
                }
            }
        }
        fields
    }

    fn literal(&self, near: ClassId, expr: &Expr, source: &str, fields: &Fields) -> Literal {
        self.eval(near, expr, fields)
            .ok()
            .and_then(|value| value.to_literal())
            .unwrap_or_else(|| Literal::Unread { unread: source.to_owned() })
    }

    /// The value of an expression in the body of a class, where the fields above it are names too.
    fn eval(&self, near: ClassId, expr: &Expr, fields: &Fields) -> Result<Value, Unread> {
        eval(expr, &|name: &str| match fields.get(name) {
            Some(Literal::Bool(value)) => Some(Value::Bool(*value)),
            Some(Literal::Int(value)) => Some(Value::Int(i128::from(*value))),
            Some(Literal::Float(value)) => Some(Value::Float(*value)),
            Some(Literal::Text(value)) => Some(Value::Text(value.clone())),
            Some(Literal::Python { py }) if py == "None" => Some(Value::None),
            Some(_) => None,
            None => self.constants.value(near, name),
        })
    }

    /// The attribute as the first class that has it gives it.
    fn inherited(&self, id: ClassId, name: &str) -> Option<(ClassId, &'a Attribute)> {
        self.lineage(id).into_iter().find_map(|id| Some((id, self.library.class(id).attributes.get(name)?)))
    }

    fn attribute_map(&self, id: ClassId) -> IndexMap<String, String> {
        let Some((near, attribute)) = self.inherited(id, "attribute_map") else { return IndexMap::new() };
        let value = attribute.value.as_ref().and_then(|value| self.eval(near, value, &Fields::new()).ok());
        let entries = value.as_ref().and_then(Value::entries).unwrap_or_default();
        entries.iter().filter_map(|(k, v)| Some((k.as_text()?.to_owned(), v.as_text()?.to_owned()))).collect()
    }

    fn sub_configs(&self, id: ClassId) -> IndexMap<String, SubConfig> {
        let found = self.inherited(id, "sub_configs_defaults").or_else(|| self.inherited(id, "sub_configs"));
        let Some((near, attribute)) = found else { return IndexMap::new() };
        let Some(Expr::Dict(dict)) = &attribute.value else { return IndexMap::new() };
        let named = |item: &ruff_python_ast::DictItem| match &item.key {
            Some(Expr::StringLiteral(key)) => {
                Some((key.value.to_str().to_owned(), self.sub_config(near, &item.value)?))
            }
            _ => None,
        };
        dict.items.iter().filter_map(named).collect()
    }

    /// `XConfig`, or `SubConfigSpec(config_class=XConfig, model_type="...", init_kwargs={...}, optional=True)`.
    fn sub_config(&self, near: ClassId, expr: &Expr) -> Option<SubConfig> {
        let Expr::Call(call) = expr else { return self.sub_config_class(near, expr) };
        let argument = |name: &str, at: usize| call.arguments.find_argument_value(name, at);
        let value = |name: &str, at: usize| self.eval(near, argument(name, at)?, &Fields::new()).ok();
        let class = self.sub_config_class(near, argument("config_class", 0)?)?;
        let init = value("init_kwargs", 2).unwrap_or(Value::None);
        let init = init.entries().unwrap_or_default().iter().filter_map(|(key, value)| {
            let unread = || Literal::Unread { unread: value.repr() };
            Some((key.as_text()?.to_owned(), value.to_literal().unwrap_or_else(unread)))
        });
        Some(SubConfig {
            model_type: value("model_type", 1)
                .as_ref()
                .and_then(Value::as_text)
                .map(str::to_owned)
                .or(class.model_type),
            optional: value("optional", 3).and_then(|value| value.truth()).unwrap_or(false),
            init: init.collect(),
            class: class.class,
        })
    }

    fn sub_config_class(&self, near: ClassId, expr: &Expr) -> Option<SubConfig> {
        let Expr::Name(name) = expr else { return None };
        let class = self.library.resolve(near, &name.id);
        let model_type = class.and_then(|id| self.model_type(id));
        Some(SubConfig { class: name.id.to_string(), model_type, ..SubConfig::default() })
    }
}

/// Whether `**kwargs` hands on what isn't named.
fn takes_more(parameters: &Parameters) -> bool {
    parameters.kwarg.is_some()
}

/// `super().__init__(...)` at the top level of an `__init__`.
fn super_call(init: &StmtFunctionDef) -> Option<&ruff_python_ast::ExprCall> {
    init.body.iter().find_map(|statement| {
        let Stmt::Expr(expr) = statement else { return None };
        let Expr::Call(call) = &*expr.value else { return None };
        let Expr::Attribute(method) = &*call.func else { return None };
        let Expr::Call(of) = &*method.value else { return None };
        let is_super = matches!(&*of.func, Expr::Name(name) if name.id.as_str() == "super");
        (is_super && method.attr.as_str() == "__init__").then_some(call)
    })
}
