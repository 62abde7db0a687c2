//! How long parsing, reading, projecting and rendering take. Ignored: it prints, and asserts nothing that depends on load.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a skipped test says why")]

mod template_support;

use std::time::Instant;

use hfgen::template::{RenderInput, parse, parse_known, reads, render, render_with_map};
use template_support::{graph, model, templates};

/// The best of several rounds, in microseconds.
fn best(mut work: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..200 {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_secs_f64() * 1e6);
    }
    best
}

#[test]
#[ignore = "measures"]
fn speed() {
    let graph = graph();
    let mut data = model("vit");
    let checks = data["rule"]["checks"].as_array().expect("checks").clone();
    data["rule"]["checks"] = checks.iter().cycle().take(45).cloned().collect();
    let partials = graph.closure_templates("family/vision");
    let root = graph.get("family/vision").expect("a root");
    let input = RenderInput { root, partials: &partials, data: &data };
    let rendered = render_with_map(&input).expect("it renders");
    let found = reads(root, &partials);
    println!("output {} bytes, {} lines, map {} bytes", rendered.text.len(), rendered.map.len(), rendered.map.size());
    println!("render          {:8.1} us", best(|| drop(render(&input))));
    println!("render_with_map {:8.1} us", best(|| drop(render_with_map(&input))));
    println!("reads           {:8.1} us", best(|| drop(reads(root, &partials))));
    println!("project         {:8.1} us", best(|| drop(found.project(data.clone()))));
    println!("digest          {:8.1} us", best(|| _ = found.digest(&data)));
    let sources: Vec<String> = templates().iter().map(|template| template.source().to_owned()).collect();
    let bytes: usize = sources.iter().map(String::len).sum();
    let parsed = best(|| sources.iter().for_each(|source| drop(parse("t", "t", source))));
    println!("parse           {parsed:8.1} us for {} templates of {bytes} bytes", sources.len());
    let known = best(|| sources.iter().for_each(|source| drop(parse_known("t", "t", source))));
    println!("parse_known     {known:8.1} us");
}
