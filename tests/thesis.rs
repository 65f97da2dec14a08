//! The formulas of the thesis and of its companion papers as claims: each verdict is the one that the comment above the
//! claim expects, and `ERRATA.md` lists what does not hold as printed.

use hesse_compiler::verify::Verdict;
use hesse_tests::{claims, errata};
use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

type Files = Vec<(String, Vec<hesse_compiler::verify::Entry>)>;

/// All files in order, decided once.
static ALL: LazyLock<Files> = LazyLock::new(|| {
    let dir = format!("{ROOT}/tests/thesis");
    let mut paths: Vec<_> = fs::read_dir(&dir).expect("the folder of claims").map(|e| e.expect("readable").path()).collect();
    paths.retain(|p| p.extension().is_some_and(|x| x == "hesse"));
    paths.sort();
    let decide = |path: &Path| {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(path).expect("utf-8");
        let include = |used: &str| fs::read_to_string(format!("{dir}/{used}")).ok();
        let entries = claims(&format!("{stem}.hesse"), &text, &include).unwrap_or_else(|e| panic!("{e}"));
        (stem, entries)
    };
    paths.iter().map(|p| decide(p)).collect()
});

/// The verdicts that fit what is known of a statement: of a formula that is right, one that is wrong as printed and why, a
/// bound, and a statement that is not in the source but takes the place of a wrong or missing one.
fn fitting(expected: &str) -> &'static [&'static str] {
    match expected {
        "HOLDS" | "HOLDS UP TO TYPO" => &["PROVED", "HOLDS"],
        "WRONG" => &["REFUTED"],
        "DIMENSIONALLY WRONG" => &["ILL-SHAPED"],
        "TYPO" => &["REFUTED", "ILL-SHAPED"],
        "BOUND VALID" => &["PROVED", "NOT REFUTED"],
        "BOUND VIOLATED" => &["REFUTED"],
        "NEW" => &["PROVED", "HOLDS", "NOT REFUTED"],
        _ => &[],
    }
}

#[test]
fn verdicts_are_as_expected() {
    let (mut bad, mut seen) = (vec![], 0);
    for (file, entries) in ALL.iter() {
        for e in entries {
            let (f, expected) = (&e.finding, e.expected.as_deref().unwrap_or("nothing"));
            seen += 1;
            if !fitting(expected).contains(&f.verdict.to_string().as_str()) {
                bad.push(format!("{file}: {}: expected {expected}, found {}: {}", f.id, f.verdict, f.detail));
            }
        }
    }
    assert!(seen > 400, "only {seen} claims were found");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// A wrong statement says where it stands.
#[test]
fn claims_have_names_and_comments() {
    let mut seen = BTreeSet::new();
    for e in ALL.iter().flat_map(|f| &f.1) {
        let f = &e.finding;
        assert!(seen.insert(f.id.clone()), "two claims are called {}", f.id);
        assert!(f.verdict.is_good() || !e.comment.is_empty(), "nothing is said above the wrong claim {}", f.id);
    }
}

/// What is true and has no proof says which law a proof would need; nothing else does. Nine true equations of ten are proved.
#[test]
fn what_is_not_proved_says_why() {
    let verdict = |v: Verdict| ALL.iter().flat_map(|f| &f.1).filter(move |e| e.finding.verdict == v);
    for e in ALL.iter().flat_map(|f| &f.1) {
        let open = e.finding.verdict == Verdict::Holds;
        assert_eq!(e.unproved.is_some(), open, "{}: {} with `# unproved: {:?}`", e.finding.id, e.finding.verdict, e.unproved);
        assert!(e.unproved.as_ref().is_none_or(|why| why.len() > 8), "{}: which law?", e.finding.id);
    }
    let (proved, holds) = (verdict(Verdict::Proved).count(), verdict(Verdict::Holds).count());
    assert!(proved * 10 >= (proved + holds) * 9, "{proved} proved, {holds} not");
}

#[test]
fn verdicts() {
    let mut lines = vec![];
    for (file, entries) in ALL.iter() {
        lines.push(file.clone());
        lines.extend(entries.iter().map(|e| format!("  {:11}  {}", e.finding.verdict, e.finding.id)));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// Numbers of counterexamples may differ in their last digits from machine to machine; all else may not.
#[test]
fn errata_are_current() {
    let without_numbers = |page: &str| -> Vec<String> {
        page.lines().map(|l| if l.starts_with("- False:") { "- False".to_owned() } else { l.to_owned() }).collect()
    };
    let path = format!("{ROOT}/ERRATA.md");
    let page = errata(&ALL);
    if std::env::var_os("INSTA_UPDATE").is_some_and(|v| v == "always") {
        fs::write(&path, &page).expect("writable");
    }
    let there = fs::read_to_string(&path).expect("ERRATA.md");
    let hint = "write it with `hesse verify --errata tests/thesis > ERRATA.md`";
    assert!(without_numbers(&there) == without_numbers(&page), "ERRATA.md is not current; {hint}");
}
