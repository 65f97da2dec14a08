//! Invariants of the source itself: floors point down, every operation is listed, every file says what it is for.

use std::{
    fs,
    path::{Path, PathBuf},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    for e in fs::read_dir(dir).expect("readable") {
        let p = e.expect("readable").path();
        if p.is_dir() {
            if p.file_name().is_none_or(|n| n != "target") {
                files(&p, out);
            }
        } else if p.extension().is_some_and(|x| x == "rs") {
            out.push(p);
        }
    }
}

fn sources(part: &str) -> Vec<(String, String)> {
    let (dir, mut all) = (format!("{ROOT}/{part}"), vec![]);
    files(Path::new(&dir), &mut all);
    all.sort();
    let read = |p: &PathBuf| {
        let name = p.strip_prefix(&dir).expect("under it").to_string_lossy().into_owned();
        (name, fs::read_to_string(p).expect("utf-8"))
    };
    all.iter().map(read).collect()
}

/// Blank lines part `lib.rs` into floors; nothing imports its own floor or a later one.
#[test]
fn floors_point_down() {
    let lib = fs::read_to_string(format!("{ROOT}/compiler/src/lib.rs")).expect("lib.rs");
    let floors: Vec<(usize, String)> = lib
        .split("\n\n")
        .enumerate()
        .flat_map(|(n, group)| {
            let module = |l: &str| Some(l.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned());
            group.lines().filter_map(module).map(move |m| (n, m)).collect::<Vec<_>>()
        })
        .collect();
    assert!(floors.len() > 10, "the floors are read off lib.rs");
    let floor = |m: &str| floors.iter().find(|f| f.1 == m).map(|f| f.0);
    let (mut bad, mut seen) = (vec![], 0);
    for (name, text) in sources("compiler/src") {
        let module = name.split(['/', '.']).next().expect("a name").to_owned();
        let Some(own) = floor(&module) else { continue };
        for used in imports(&text) {
            seen += 1;
            if used != module && floor(&used).is_some_and(|f| own <= f) {
                bad.push(format!("{name} imports {used}"));
            }
        }
    }
    assert!(seen > 50, "imports were found");
    assert!(bad.is_empty(), "imports that point up:\n{}", bad.join("\n"));
}

/// The modules of the crate that a file names, in `use crate::{…}` or as `crate::…`.
fn imports(text: &str) -> Vec<String> {
    let mut out = vec![];
    for rest in text.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            out.extend(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned));
            continue;
        };
        let mut depth = 0;
        let end = list
            .find(|c| {
                depth += i32::from(c == '{') - i32::from(c == '}');
                depth < 0
            })
            .unwrap_or(list.len());
        let mut depth = 0;
        let parts = list[..end].split(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        });
        out.extend(parts.map(|p| p.trim().split([':', ' ', '}']).next().unwrap_or("").to_owned()));
    }
    out
}

#[test]
fn every_operation_is_listed() {
    let rows = sources("compiler/src/ops");
    let list = fs::read_to_string(format!("{ROOT}/compiler/src/ops.rs")).expect("ops.rs");
    let mut statics = 0;
    for (name, text) in &rows {
        let stem = name.trim_end_matches(".rs");
        assert!(list.contains(&format!("pub mod {stem};")), "ops/{name} is not a module of ops.rs");
        for line in text.lines().filter(|l| l.starts_with("pub static ") && l.contains(": Op =")) {
            statics += 1;
            let constant = line["pub static ".len()..].split(':').next().expect("a name");
            assert!(list.contains(&format!("&{stem}::{constant}")), "ops/{name}: {constant} is not in ops::ALL");
        }
    }
    assert_eq!(statics, hesse_compiler::ops::ALL.len(), "each row is listed once");
}

#[test]
fn every_file_says_what_it_is_for() {
    for part in ["compiler/src", "runtime/src", "macros/src", "report/src", "cli/src", "tests", "examples"] {
        for (name, text) in sources(part) {
            assert!(text.starts_with("//! "), "{part}/{name} does not open with a sentence");
        }
    }
}

/// What cannot fail says why.
#[test]
fn no_bare_unwrap_in_library_code() {
    for part in ["compiler/src", "runtime/src", "macros/src", "report/src", "cli/src"] {
        for (name, text) in sources(part) {
            for (k, line) in text.lines().enumerate() {
                let code = line.split("//").next().expect("a part");
                assert!(!code.contains(".unwrap()"), "{part}/{name}:{}: a bare unwrap", k + 1);
            }
        }
    }
}

/// Only the command line reads and writes; nothing in the compiler looks at a clock.
#[test]
fn the_compiler_is_pure() {
    for (name, text) in sources("compiler/src") {
        for word in ["std::fs", "std::time", "std::env", "println!", "std::thread"] {
            assert!(!text.contains(word), "compiler/src/{name} uses {word}");
        }
    }
}

/// One file and its folder know the library of e-graphs.
#[test]
fn only_saturation_knows_egg() {
    let knowing = sources("compiler/src").into_iter().filter(|(_, text)| text.contains("egg::")).map(|(name, _)| name);
    let (inside, outside): (Vec<String>, Vec<String>) = knowing.partition(|n| n.starts_with("simplify/saturate"));
    assert!(!inside.is_empty() && outside.is_empty(), "{outside:?} know egg");
}
