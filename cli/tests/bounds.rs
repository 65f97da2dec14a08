//! `hesse bounds` and `hesse landscape` from outside: formulas, numbers, JSON, mistakes.

mod support;

use serde_json::Value;
use support::Folder;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("utf-8")
}

const DATA: &str = r#"{"X": [[1, 2], [0.5, -1], [2, 0]], "Y": [[1], [0], [-1]], "W": [[0.5], [-0.25]]}"#;

#[test]
fn formulas_need_no_data() {
    let folder = Folder::new("bounds-formulas");
    let o = folder.run(&["bounds", "m.hesse"]);
    assert_eq!(o.status.code(), Some(0));
    assert!(text(&o.stdout).starts_with("norm2(hessian(loss, W, W)) <= "), "{}", text(&o.stdout));
    let json = folder.run(&["bounds", "m.hesse", "--json"]);
    let v: Value = serde_json::from_str(&text(&json.stdout)).expect("JSON");
    assert_eq!(
        (&v["blocks"][0]["row"], &v["blocks"][0]["bound"], &v["whole"]["slack"]),
        (&"W".into(), &Value::Null, &Value::Null)
    );
}

#[test]
fn numbers_stand_beside_the_true_norm() {
    let folder = Folder::new("bounds-numbers");
    folder.file("d.json", DATA);
    let o = folder.run(&["bounds", "m.hesse", "--data", "d.json", "--format", "json"]);
    assert_eq!(o.status.code(), Some(0), "{}", text(&o.stderr));
    let v: Value = serde_json::from_str(&text(&o.stdout)).expect("JSON");
    let number = |key: &str| v["blocks"][0][key].as_f64().expect("a number");
    assert!(number("bound") >= number("norm") && number("slack") >= 1.0, "{v}");
    assert_eq!(v["blocks"][0]["norm"], v["whole"]["norm"], "one block is the whole");
    for format in ["text", "latex", "mathml"] {
        assert_eq!(folder.run(&["bounds", "m.hesse", "--data", "d.json", "--format", format]).status.code(), Some(0));
    }
}

#[test]
fn the_tightest_bounds_are_in_jacobians() {
    let folder = Folder::new("bounds-jacobians");
    folder.file("d.json", DATA);
    let bound = |symbols: &str| -> Value {
        let o = folder.run(&["bounds", "m.hesse", "--data", "d.json", "--json", "--symbols", symbols]);
        assert_eq!(o.status.code(), Some(0), "{}", text(&o.stderr));
        serde_json::from_str(&text(&o.stdout)).expect("JSON")
    };
    let (data, jacobians) = (bound("data"), bound("jacobians"));
    let of = |v: &Value, key: &str| v["blocks"][0][key].as_f64().expect("a number");
    assert!(jacobians["blocks"][0]["formula"].to_string().contains("jacobian("), "{jacobians}");
    assert!(of(&jacobians, "bound") >= of(&jacobians, "norm") && of(&jacobians, "bound") <= of(&data, "bound") * (1.0 + 1e-6));
}

#[test]
fn slack_is_told_step_by_step() {
    let folder = Folder::new("bounds-slack");
    folder.file("d.json", DATA);
    for symbols in ["data", "jacobians"] {
        let o = folder.run(&["bounds", "m.hesse", "--data", "d.json", "--json", "--slack", "--symbols", symbols]);
        assert_eq!(o.status.code(), Some(0), "{}", text(&o.stderr));
        let v: Value = serde_json::from_str(&text(&o.stdout)).expect("JSON");
        let steps = v["recursion"].as_array().expect("steps");
        assert!(!steps.is_empty() && steps.iter().all(|s| s["slack"].as_f64().expect("a number") >= 1.0 - 1e-9), "{v}");
    }
    let o = folder.run(&["bounds", "m.hesse", "--data", "d.json", "--slack"]);
    assert!(text(&o.stdout).contains("where the slack arises\n  curvature of "), "{}", text(&o.stdout));
    assert_eq!(folder.run(&["bounds", "m.hesse", "--slack"]).status.code(), Some(2), "it needs data");
}

#[test]
fn mistakes_are_said_on_standard_error() {
    let folder = Folder::new("bounds-mistakes");
    folder.file("d.json", DATA);
    folder.file("norm.hesse", "dim m, n\nparam W: m × n\nassume norm2(W) <= -1\nloss dot(W, W)\n");
    folder.file("broken.hesse", format!("{}assume norm2(W) <= 1/100\n", support::MODEL));
    folder.file("ln.hesse", "dim m, n\nparam X: m × n\nloss sum(layernorm(X).^3)\n");
    folder.file("ln.json", r#"{"X": [[1, 1], [1, 2]]}"#);
    folder.file("none.hesse", "dim n\nparam W: n\nF = W\n");
    let cases: [(&[&str], &str); 6] = [
        (&["bounds", "absent.hesse"], "there is no file `absent.hesse`"),
        (&["bounds", "m.hesse", "--data", "absent.json"], "there is no file `absent.json`"),
        (&["bounds", "norm.hesse"], "a norm is never below zero"),
        (&["bounds", "broken.hesse", "--data", "d.json"], "the data break the assumption"),
        (&["bounds", "ln.hesse", "--data", "ln.json"], "variance zero"),
        (&["bounds", "none.hesse"], "there is no Hessian to bound"),
    ];
    for (args, expected) in cases {
        let o = folder.run(args);
        assert_eq!(o.status.code(), Some(1), "{args:?}");
        assert!(o.stdout.is_empty() && text(&o.stderr).contains(expected), "{args:?}: {}", text(&o.stderr));
    }
}

#[test]
fn the_landscape_of_a_batch() {
    let folder = Folder::new("landscape");
    folder.file("d.json", r#"{"X": [[[1, 2]], [[0.5, -1]], [[2, 0]]], "Y": [[[1]], [[0]], [[-1]]], "W": [[0.5], [-0.25]]}"#);
    let o = folder.run(&["landscape", "m.hesse", "--data", "d.json", "--json"]);
    assert_eq!(o.status.code(), Some(0), "{}", text(&o.stderr));
    let v: Value = serde_json::from_str(&text(&o.stdout)).expect("JSON");
    let number = |x: &Value| x.as_f64().expect("a number");
    assert!(number(&v["bound"]) >= number(&v["measure"]) && number(&v["measure"]) > 0.0, "{v}");
    let steps = v["increments"].as_array().expect("a list");
    assert_eq!(steps.len(), 2);
    assert!(steps.iter().all(|s| number(&s["bound"]) >= number(&s["increment"])), "{v}");
    folder.file("one.json", DATA);
    assert_eq!(folder.run(&["landscape", "m.hesse", "--data", "one.json"]).status.code(), Some(1), "one sample is no landscape");
}
