//! A panic anywhere becomes a message that says what to report, and exit code 101. The test runs itself as the process
//! that panics.
#![allow(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "the test starts itself anew, and ends as the program would"
)]

use std::process::Command;

use hfgen::cli::{Exit, bug};

#[test]
fn a_panic_says_that_it_is_a_bug() {
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "panics_in_a_thread"])
        .env_remove("RUST_BACKTRACE")
        .env("RUST_LIB_BACKTRACE", "0")
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(51));
    let told = String::from_utf8(ran.stderr).unwrap();
    for words in ["this is a bug in hfgen, not in your project", "the reason 7", "tests/cli_bug.rs:", "hfgen 0."] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("stack backtrace"), "{told}");
}

#[test]
#[ignore = "the process that panics"]
fn panics_in_a_thread() {
    let exit = bug::guard(|| {
        let number = rayon_like(|| panic!("the reason {}", 7));
        assert_eq!(number, 0);
        Exit::Fine
    });
    // A failed test ends in 101 too, so the number is moved.
    std::process::exit(i32::from(exit.code()) - 50);
}

fn rayon_like(body: impl FnOnce() -> u8 + Send) -> u8 {
    std::thread::scope(|scope| match scope.spawn(body).join() {
        Ok(number) => number,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
