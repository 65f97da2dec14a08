//! Bad inputs: every wrong file of `diagnostics/` with what is said of it; and inputs made to break the reader.

use hesse_compiler::{
    diagnostic::{Code, Diagnostic},
    syntax::{self, Model, Source},
};
use std::{fs, path::Path};

/// Files that wrong files may include.
fn included(path: &str, from: &str) -> Result<Source, String> {
    let text = match path {
        "loop-a.hesse" => "use \"loop-b.hesse\"\nlayer included(X) = X X\n",
        "loop-b.hesse" => "use \"loop-a.hesse\"\n",
        "self-include.hesse" => "use \"self-include.hesse\"\n",
        _ => return Err(format!("there is no such file beside {from}")),
    };
    Ok(Source { name: path.to_owned(), text: text.to_owned() })
}

fn read(name: &str, text: &str) -> Result<Model, (Vec<Source>, Vec<Diagnostic>)> {
    syntax::model(Source { name: name.to_owned(), text: text.to_owned() }, &included)
}

/// All that is said of a text: its mistakes, or those of its claims.
fn said(name: &str, text: &str) -> (Vec<Code>, String) {
    let (sources, errors) = match read(name, text) {
        Ok(m) => {
            let of_claims = m.claims.iter().filter_map(|c| c.sides.clone().err()).flatten().collect();
            (m.sources, of_claims)
        }
        Err(e) => e,
    };
    let rendered: Vec<String> = errors.iter().map(|d: &Diagnostic| d.render(&sources, false)).collect();
    (errors.iter().map(|d| d.code).collect(), rendered.join("\n"))
}

#[test]
fn wrong_files() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("diagnostics");
    let entries = fs::read_dir(dir).expect("readable").map(|e| e.expect("readable").path());
    let mut files: Vec<_> = entries.filter(|p| p.extension().is_some_and(|x| x == "hesse")).collect();
    files.sort();
    assert!(files.len() >= 60, "{} wrong files", files.len());
    for path in files {
        let file = path.file_name().expect("a file").to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&fs::read(&path).expect("readable")).into_owned();
        let (codes, rendered) = said(&file, &text);
        assert!(!codes.is_empty(), "{file} is not wrong");
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "diagnostics/snapshots" }, {
            insta::assert_snapshot!(file.trim_end_matches(".hesse"), rendered);
        });
    }
}
