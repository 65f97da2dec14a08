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

/// What is said of wrong input, with nothing on standard output.
#[test]
fn mistakes_are_said_on_standard_error() {
    let folder = Folder::new("bounds-mistakes");
    folder.file("d.json", DATA);
    folder.file("half.json", r#"{"X": [[1, 2]], "W": [[0.5], [-0.25]]}"#);
    folder.file("norm.hesse", "dim m, n\nparam W: m × n\nassume norm2(W) <= -1\nloss dot(W, W)\n");
    folder.file("most.hesse", "dim m, n\nparam W: m × n\nassume norm2(W) >= 3, norm2(W) <= 2\nloss dot(W, W)\n");
    folder.file("broken.hesse", format!("{}assume norm2(W) <= 1/100\n", support::MODEL));
    folder.file("ln.hesse", "dim m, n\nparam X: m × n\nloss sum(layernorm(X).^3)\n");
    folder.file("ln.json", r#"{"X": [[1, 1], [1, 2]]}"#);
    folder.file("none.hesse", "dim n\nparam W: n\nF = W\n");
    folder.file("matrix.hesse", "dim n\nparam W: n × n\nloss W W\n");
    folder.file("fixed.hesse", "dim n\ninput X: n\nloss dot(X, X)\n");
    let cases: [&[&str]; 13] = [
        &["bounds", "absent.hesse"],
        &["bounds", "m.hesse", "--data", "absent.json"],
        &["bounds", "m.hesse", "--data", "half.json"],
        &["bounds", "norm.hesse"],
        &["bounds", "most.hesse"],
        &["bounds", "broken.hesse", "--data", "d.json"],
        &["bounds", "ln.hesse", "--data", "ln.json"],
        &["bounds", "none.hesse"],
        &["bounds", "matrix.hesse"],
        &["bounds", "fixed.hesse"],
        &["bounds", "m.hesse", "--style", "thesis", "--symbols", "jacobians"],
        &["landscape", "absent.hesse", "--data", "d.json"],
        &["landscape", "m.hesse", "--data", "d.json"],
    ];
    let mut page = String::new();
    for args in cases {
        let o = folder.run(args);
        assert_eq!(o.status.code(), Some(1), "{args:?}");
        assert!(o.stdout.is_empty(), "{args:?}");
        page.push_str(&format!("$ hesse {}\n{}\n", args.join(" "), text(&o.stderr)));
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("bounds_mistakes", page);
    });
    let o = folder.run(&["bounds", "m.hesse", "--style", "loose"]);
    assert_eq!(o.status.code(), Some(2));
    assert!(text(&o.stderr).contains("[possible values: tight, thesis]"), "{}", text(&o.stderr));
}

/// What there is no bound of says why, and what would help; that is no mistake.
#[test]
fn what_has_no_bound_is_named() {
    let folder = Folder::new("bounds-missing");
    let head = "dim m, n\ninput X: m × n\nparam W: n × n\ntarget Y: m × n\nconst M: 1\n";
    let cases = [
        ("missing norms", "loss mse(X W, Y)"),
        ("unbounded data", "assume norm2(W) <= M\nloss mse(softmax(X W X') X, Y)"),
        ("a variance without a floor", "assume norm2(W) <= M, normF(X) <= M, normF(Y) <= M\nloss mse(layernorm(X W), Y)"),
    ];
    let mut page = String::new();
    for (what, rest) in cases {
        folder.file("missing.hesse", format!("{head}{rest}\n"));
        let o = folder.run(&["bounds", "missing.hesse", "--symbols", "declared"]);
        assert_eq!(o.status.code(), Some(0), "{what}: {}", text(&o.stderr));
        page.push_str(&format!("{what}\n{}", text(&o.stdout)));
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("bounds_missing", page);
    });
}

/// The constants of the thesis, corrected where they are false, in every format; on data beside the tight ones.
#[test]
fn the_style_of_the_thesis() {
    let folder = Folder::new("bounds-style");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let attention = format!("{root}/attention.hesse");
    let mut page = String::new();
    for (part, format) in [
        ("whole", "text"),
        ("gauss-newton", "text"),
        ("functional", "text"),
        ("gauss-newton", "latex"),
        ("gauss-newton", "mathml"),
    ] {
        let o = folder.run(&["bounds", &attention, "--style", "thesis", "--part", part, "--format", format]);
        assert_eq!(o.status.code(), Some(0), "{}", text(&o.stderr));
        page.push_str(&format!("{part}, {format}\n{}\n", text(&o.stdout)));
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("bounds_style_of_the_thesis", page);
    });
    let data = format!("{root}/data/attention.json");
    for style in ["tight", "thesis"] {
        let o = folder.run(&["bounds", &attention, "--data", &data, "--json", "--style", style]);
        let v: Value = serde_json::from_str(&text(&o.stdout)).expect("JSON");
        assert_eq!(v["style"], style);
        assert_eq!(v["published"].is_array(), style == "thesis", "{v}");
        let mut seen = 0;
        for b in v["blocks"].as_array().expect("blocks").iter().chain([&v["whole"]]) {
            let number = |x: &Value| x.as_f64().expect("a number");
            assert_eq!(b["bound"], b["styles"][style], "{b}");
            let (norm, tight, thesis) = (number(&b["norm"]), number(&b["styles"]["tight"]), number(&b["styles"]["thesis"]));
            assert!(norm <= tight && tight <= thesis, "{b}");
            seen += 1;
        }
        assert_eq!(seen, 7);
    }
    let o = folder.run(&["bounds", &attention, "--data", &data]);
    assert!(text(&o.stdout).contains(" (thesis "), "{}", text(&o.stdout));
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

const DEEP: &str = "dim L, n; input x: n; target y: 1 × n\nconst M: 1\nh[0] = x\n\
    for p in 1..L { param W[p]: n × n; assume norm2(W[p]) <= M; h[p] = relu(W[p] h[p-1]) }\nloss cross_entropy(h[L]', y)\n";

#[test]
fn a_model_of_any_depth_has_closed_forms() {
    let folder = Folder::new("bounds-depth");
    folder.file("deep.hesse", DEEP);
    let run = |arguments: &[&str]| {
        let all: Vec<&str> = ["bounds", "deep.hesse"].into_iter().chain(arguments.iter().copied()).collect();
        let o = folder.run(&all);
        assert_eq!(o.status.code(), Some(0), "{arguments:?}: {}", text(&o.stderr));
        text(&o.stdout)
    };
    let page = run(&["--part", "gauss-newton"]);
    assert!(page.contains("norm2(gauss_newton(loss)) <= L M^(2 L - 2) normF(x)^2 norminf(y) / 2\n"), "{page}");
    assert!(page.contains("for L >= 1: "), "{page}");
    assert!(run(&["--part", "gauss-newton", "--format", "latex"]).contains(r"M^{2\,L - 2}"));
    let json: Value = serde_json::from_str(&run(&["--json"])).expect("JSON");
    let blocks = json["blocks"].as_array().expect("blocks");
    let named: Vec<(&str, &str)> = blocks.iter().filter_map(|b| Some((b["row"].as_str()?, b["col"].as_str()?))).collect();
    assert_eq!(named, [("W[i]", "W[i]"), ("W[i]", "W[j]")]);
    assert!(json["whole"]["formula"].as_str().is_some_and(|f| f.starts_with("(L - 1) M^(L - 2)")), "{json}");
    // at one depth it is a model as any other
    let two = run(&["--depth", "L=2", "--part", "gauss-newton"]);
    assert!(two.starts_with("norm2(gauss_newton(loss, W[1], W[1])) <= "), "{two}");
    let o = folder.run(&["eval", "deep.hesse", "--depth", "L=2", "--random", "1", "--dims", "n=3", "-q", "hessian(loss)"]);
    assert_eq!(o.status.code(), Some(0), "{}", text(&o.stderr));
    assert!(text(&o.stdout).contains("\"shape\":[18,18]"));
}

#[test]
fn a_depth_that_is_wrong_is_one_message() {
    let folder = Folder::new("bounds-depth-wrong");
    folder.file("deep.hesse", DEEP);
    folder.file("two.hesse", "dim K, L, n\nparam x: n\nfor p in 1..K { a[p] = x }\nfor p in 1..L { b[p] = x }\nloss x' x\n");
    let table: [(&[&str], &str); 6] = [
        (&["bounds", "deep.hesse", "--depth", "K=3"], "the depth `K` has a value, and the model has no size of that name"),
        (&["bounds", "deep.hesse", "--depth", "l=3"], "did you mean `L`?"),
        (&["bounds", "deep.hesse", "--asymptotic"], "`--depth L=3` gives it a value"),
        (&["derive", "deep.hesse", "-q", "loss"], "`--depth L=3` gives it a value"),
        (&["bounds", "two.hesse"], "the depths K, L have no value"),
        (&["bounds", "deep.hesse", "--depth", "L=200000"], "this loop runs 200000 times"),
    ];
    for (arguments, says) in table {
        let o = folder.run(arguments);
        assert_eq!((o.status.code(), o.stdout.len()), (Some(1), 0), "{arguments:?}: {}", text(&o.stdout));
        assert!(text(&o.stderr).contains(says), "{arguments:?}: {}", text(&o.stderr));
    }
}
