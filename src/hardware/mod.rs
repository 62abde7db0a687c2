//! What this machine has, what a hardware profile still lacks here, and how fast each device is. Nothing is printed here.
//!
//! Map of the room: `machine` is what was found, as values; `probe` asks the system without Python, with a file for each
//! way to ask (`cpu`, `nvidia`, `amd`, `bus`, `apple`, `qualcomm`); `libraries` asks torch, OpenVINO and ONNX Runtime;
//! `standing` says of each profile whether it can be used; `bench` times the devices and `ranking` keeps and uses what
//! came out.

mod amd;
mod apple;
pub mod bench;
mod bus;
mod cpu;
pub mod libraries;
pub mod machine;
mod nvidia;
mod probe;
mod qualcomm;
pub mod ranking;
pub mod standing;

pub use libraries::Libraries;
pub use machine::{Cpu, Device, Kind, Machine, Platform, Vendor};
pub use probe::look;
pub use standing::{Standing, State, standings};
