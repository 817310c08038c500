//! Owns that every kept input passes its target, without a fuzzing engine. Does not look for new ones.

use std::fs;
use std::path::Path;

use gatehouse_fuzz::targets::ALL;

#[test]
fn every_kept_input_passes() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = fs::read_dir(here.join("corpus"))
        .expect("the corpora are there")
        .map(|entry| entry.expect("a readable folder").file_name().into_string().expect("a plain name"))
        .collect();
    folders.sort();
    assert_eq!(folders, ALL.map(|(name, _)| name), "one folder a target");
    for (name, run) in ALL {
        let mut bytes = 0;
        for entry in fs::read_dir(here.join("corpus").join(name)).expect("a readable folder") {
            let path = entry.expect("a readable file").path();
            let input = fs::read(&path).expect("a readable file");
            bytes += input.len();
            if std::panic::catch_unwind(|| run(&input)).is_err() {
                panic!("{} does not pass", path.display());
            }
        }
        assert!(bytes > 0, "no input for {name}");
        assert!(bytes <= 200 * 1024, "the corpus of {name} has {bytes} bytes; minimise it");
        // The empty input is none that anybody keeps.
        run(&[]);
    }
}

#[test]
fn every_target_has_its_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    for (name, _) in ALL {
        let text = fs::read_to_string(folder.join(format!("{name}.rs"))).expect("a program a target");
        assert!(text.contains(&format!("targets::{name}::run")), "{name} runs another target");
    }
    assert_eq!(fs::read_dir(&folder).expect("a readable folder").count(), ALL.len());
}
