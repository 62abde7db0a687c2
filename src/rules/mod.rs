//! The rule language: parse, select, plan; conflicts and gaps as findings.
//!
//! Map of the room: `contract` is what a rule demands of its outputs' structure.

pub mod contract;
