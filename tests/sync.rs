//! `hfgen sync` over real transformers packages, where they are at hand, and over small ones made here in memory.

#![allow(clippy::disallowed_methods, reason = "tests stand outside the program and look at the machine themselves")]

#[path = "sync/check.rs"]
mod check;
#[path = "sync/hostile.rs"]
mod hostile;
#[path = "sync/lock.rs"]
mod lock;
#[path = "sync/meaning.rs"]
mod meaning;
#[path = "sync/mini.rs"]
mod mini;
#[path = "sync/values.rs"]
mod values;
#[path = "sync/wheels.rs"]
mod wheels;
#[path = "sync/worker.rs"]
mod worker;
