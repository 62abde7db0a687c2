//! The rule language: parse, select, plan; conflicts and gaps as findings.
//!
//! Map of the room: `file` is the shape of `rules/*.toml`, `merge` makes one rule book of all files, `selector` says
//! which models a rule means, `classes` which of their classes, `decide` places a model (family, tags, tiny configuration), `plan` says which outputs it
//! has, `conflicts` looks at the whole plan, `contract` is what a rule demands of its outputs' structure.

pub mod classes;
pub mod conflicts;
pub mod contract;
pub mod decide;
pub mod file;
pub mod merge;
pub mod plan;
pub mod selector;

pub use merge::RuleBook;
