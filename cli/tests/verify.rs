//! `hesse verify` from outside: exit status, table, JSON, mistakes.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

/// Runs `hesse verify` on a file of that name and text.
fn verify(name: &str, text: &str, options: &[&str]) -> Output {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("verify");
    fs::create_dir_all(&dir).expect("a folder");
    fs::write(dir.join(name), text).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hesse"));
    command.current_dir(&dir).arg("verify").arg(name).args(options);
    command.output().expect("hesse runs")
}

fn stdout(o: &Output) -> String {
    String::from_utf8(o.stdout.clone()).expect("utf-8")
}

const RIGHT: &str = "dim m, n\nconst A: m × n\nclaim \"product\": (A A')' == A A'\nclaim \"norm\": norm2(A) <= normF(A)\n";

#[test]
fn right_claims_succeed() {
    let o = verify("right.hesse", RIGHT, &[]);
    assert_eq!(o.status.code(), Some(0));
    let text = stdout(&o);
    assert!(text.starts_with("right.hesse\n  PROVED       product"), "{text}");
    assert!(text.contains("PROVED       norm"), "{text}");
    assert!(text.ends_with("2 claims: 2 PROVED\n"), "{text}");
    assert!(o.stderr.is_empty());
}

#[test]
fn wrong_claims_fail_with_the_data() {
    let o = verify("wrong.hesse", "dim m, n\nparam A: m × n\nclaim \"order\": jacobian(A', A) == K(m, n)\n", &[]);
    assert_eq!(o.status.code(), Some(1));
    let text = stdout(&o);
    assert!(text.contains("REFUTED") && text.contains("at m = 3, n = 4"), "{text}");
    assert!(text.contains("derived: jacobian(A', A) = K(n, m)"), "{text}");
}

#[test]
fn json_has_a_claim_each() {
    let o = verify("json.hesse", &format!("{RIGHT}claim \"shapes\": A A == A\n"), &["--json"]);
    assert_eq!(o.status.code(), Some(1));
    let v: serde_json::Value = serde_json::from_str(&stdout(&o)).expect("JSON");
    let claims = v["claims"].as_array().expect("a list");
    let of = |k: usize, key: &str| claims[k][key].clone();
    assert_eq!(claims.len(), 3);
    assert_eq!((of(0, "id"), of(0, "file"), of(0, "line")), ("product".into(), "json.hesse".into(), 3.into()));
    assert_eq!((of(0, "verdict"), of(2, "verdict")), ("PROVED".into(), "ILL-SHAPED".into()));
    assert!(of(2, "detail").as_str().expect("text").contains("sizes differ in the product `A A`"));
}

#[test]
fn what_cannot_be_read_is_said_on_standard_error_alone() {
    let o = verify("broken.hesse", "param A: n ×\nclaim \"a\": 1 == 1\n", &[]);
    assert_eq!(o.status.code(), Some(1));
    assert!(o.stdout.is_empty());
    assert!(String::from_utf8_lossy(&o.stderr).contains("--> broken.hesse:1:"));
    let missing = Command::new(env!("CARGO_BIN_EXE_hesse")).args(["verify", "not there.hesse"]).output().expect("hesse runs");
    assert_eq!(missing.status.code(), Some(1));
    assert!(missing.stdout.is_empty());
    assert!(String::from_utf8_lossy(&missing.stderr).starts_with("error: cannot read not there.hesse"));
}

/// A claim that cannot be read is an error of its own; the others are decided.
#[test]
fn one_unreadable_claim_leaves_the_others() {
    let o = verify("half.hesse", "claim \"a\": (1 +\nclaim \"b\": 1 + 1 == 2\nclaim \"c\": 2 == \n", &["--json"]);
    assert_eq!(o.status.code(), Some(1));
    let v: serde_json::Value = serde_json::from_slice(&o.stdout).expect("JSON");
    let verdicts: Vec<_> = v["claims"].as_array().expect("a list").iter().map(|c| c["verdict"].clone()).collect();
    assert_eq!(verdicts, ["ERROR", "PROVED", "ERROR"]);
}

/// `--explain` prints the steps of a proof.
#[test]
fn proofs_are_printed() {
    let o = verify("proof.hesse", "dim n\nparam v: n\nclaim \"a\": diag(v) ones(n, n) diag(v) == v v'\n", &["--explain"]);
    let text = String::from_utf8_lossy(&o.stdout).into_owned();
    assert!(text.contains("1. diag-ones-diag: diag(u) ones(m, n) diag(v) = u v'"), "{text}");
}

#[test]
fn wrong_usage_is_two() {
    let none = Command::new(env!("CARGO_BIN_EXE_hesse")).arg("verify").output().expect("hesse runs");
    assert_eq!(none.status.code(), Some(2));
    assert_eq!(verify("right.hesse", RIGHT, &["--json", "--errata"]).status.code(), Some(2));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let text = "const x: 3\nclaim \"a\": sum(x) == 1\nclaim \"b\": normF(x) <= 1\n";
    assert_eq!(stdout(&verify("seed.hesse", text, &[])), stdout(&verify("seed.hesse", text, &[])));
    assert_ne!(stdout(&verify("seed.hesse", text, &[])), stdout(&verify("seed.hesse", text, &["--seed", "2"])));
}
