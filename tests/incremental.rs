//! What an edit reaches and what it leaves alone.
mod common;
use common::*;

#[test]
fn a_first_build_makes_everything_and_a_second_nothing() {
    let project = Project::new();
    let first = project.build();
    assert_eq!(first.findings, []);
    assert_eq!(first.counts.rendered, 0);
}
