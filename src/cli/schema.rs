//! `hfgen schema`: the JSON schemas of registry.toml and rules/*.toml, generated from the types that read them.

use super::args::{SchemaArgs, SchemaName};
use super::stop::Ended;
use super::{Context, Exit};
use crate::registry::Registry;
use crate::rules::file::RuleFile;

pub fn run(context: &Context<'_>, args: &SchemaArgs) -> Ended {
    context.console.answer(&schema(args.name));
    Ok(Exit::Fine)
}

/// The schema's text, ending in a newline.
pub fn schema(name: SchemaName) -> String {
    let schema = match name {
        SchemaName::Registry => schemars::schema_for!(Registry),
        SchemaName::Rules => schemars::schema_for!(RuleFile),
    };
    format!("{:#}\n", schema.to_value())
}
