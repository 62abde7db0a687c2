//! The process: an allocator, and `hfgen::cli::main`. Nothing runs before the arguments are read.

use hfgen::cli::{self, Exit};

/// Rendering and parsing make many small strings; this allocator halves what they cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Exit {
    cli::main()
}
