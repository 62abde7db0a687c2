//! Models x hardware x checks, each cell with its state and the reason for it: what the graph says there should be, held
//! against the results that were kept. Nothing is run and nothing is printed here, and no file is counted.
//!
//! Map of the room: `map` is the whole as a value, which is also its JSON; `applies` asks the graph what there should be,
//! `results` the kept results what there is; `cells` decides a cell from both; `tally` counts; `findings` says what is
//! wrong; `compare` is what is new between two maps, `news` sorts it for people; `then` is the graph of another revision.

pub mod applies;
pub mod cells;
pub mod compare;
pub mod findings;
pub mod map;
pub mod news;
pub mod results;
pub mod tally;
pub mod then;

pub use map::{Cell, Map, State};
