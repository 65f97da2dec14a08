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

/// Inputs made to break the reader: each is answered, quickly, by a model or by diagnostics.
#[test]
fn hostile_files() {
    let head = "dim n\ninput A: n × n\ninput s\n";
    let many = |text: &str, n: usize| text.repeat(n);
    let deep = |open: &str, inner: &str, close: &str, n: usize| format!("{head}F = {}{inner}{}\n", many(open, n), many(close, n));
    let long_name = many("x", 1 << 20);
    let lines = |f: &dyn Fn(usize) -> String, n: usize| (0..n).map(f).collect::<String>();
    let cases: Vec<(&str, String, Option<Code>)> = vec![
        ("nothing", String::new(), None),
        ("blanks", " \n\t\r\n;;;\n".into(), None),
        ("comments", "# one\n# two".into(), None),
        ("byte order mark", "\u{FEFF}dim n".into(), None),
        ("open brackets", deep("(", "A", "", 100_000), Some(Code::Nesting)),
        ("brackets", deep("(", "A", ")", 100_000), Some(Code::Nesting)),
        ("closing brackets", format!("{head}F = {}", many(")", 100_000)), Some(Code::Bracket)),
        ("braces", format!("{head}F = {}", many("{", 100_000)), Some(Code::Bracket)),
        ("loops in loops", many("for p in 1..2 {\n", 10_000) + &many("}\n", 10_000), Some(Code::Nesting)),
        ("allowed brackets", deep("(", "A", ")", 199), None),
        ("allowed signs in brackets", deep("-(", "A", ")", 199), None),
        ("allowed calls", deep("tanh(A + ", "A", ")", 199), None),
        ("allowed slices", format!("{head}F = {}A{}\n", many("A[rows(", 99), many("), :]", 99)), None),
        ("allowed powers", deep("(s + 1 ", "s", ")^2", 199), None),
        ("minuses", format!("{head}F = {}A", many("-", 100_001)), None),
        ("minuses apart", format!("{head}F = A * {}A", many("- ", 100_000)), None),
        ("a long sum", format!("{head}F = A{}", many(" + A", 50_000)), None),
        ("a long mixed sum", format!("{head}F = A{}", lines(&|i| format!(" + {i} s^{} A", i % 97), 20_000)), None),
        ("a long product", format!("{head}F = A{}", many(" A", 50_000)), Some(Code::TooLarge)),
        ("a long product of scalars", format!("{head}F = s{}", many(" s", 50_000)), None),
        ("a long Kronecker product", format!("{head}F = A{}", many(" ⊗ A", 50_000)), Some(Code::TooLarge)),
        ("a long entrywise product", format!("{head}F = A{}", many(" ∘ A", 50_000)), None),
        ("transposes", format!("{head}F = A{}", many("'", 50_000)), None),
        ("inverses", format!("{head}F = A{}", many("^-1", 50_000)), None),
        ("powers", format!("{head}F = A{}", many("^2", 5_000)), Some(Code::TooLarge)),
        ("scalar powers", format!("{head}F = s{}", many("^2", 5_000)), Some(Code::Power)),
        ("a long name", format!("{head}input {long_name}: n\nF = {long_name}y + A {long_name}"), Some(Code::Unknown)),
        ("a long line of blanks", format!("{head}{}F = B", many(" ", 1 << 20)), Some(Code::Unknown)),
        ("a long number", format!("{head}F = {} A", many("1", 100_000)), Some(Code::Number)),
        ("a small number", format!("{head}F = 0.{}1 A", many("0", 100_000)), None),
        ("a small exponent", format!("{head}F = 1e-999999999999 A"), None),
        ("a large exponent", format!("{head}F = 1e999999999999999999999 A"), Some(Code::Number)),
        ("a long size", format!("dim n\nF = ones(n{}, 1)", many(" + n", 50_000)), None),
        (
            "a size to a power",
            "dim a, b, c\nF = ones((a + b + c)^8 (a + b)^8 (b + c)^8 (a + c)^8 (a + b + c)^8, 1)".into(),
            Some(Code::TooLarge),
        ),
        ("many sizes", format!("dim n\n{}", lines(&|i| format!("dim x{i} = n + {i}\n"), 5_000)), None),
        ("a long loop", format!("{head}for p in 1..1000000000 {{ G[p] = A }}"), Some(Code::TooLarge)),
        ("a negative loop", format!("{head}for p in 5..-9000000000000000 {{ G[p] = A }}"), None),
        ("a loop that grows", format!("{head}F[1] = A\nfor p in 1..90000 {{ F[p + 1] = F[p] A }}"), Some(Code::TooLarge)),
        ("a loop that doubles", format!("{head}F[1] = A\nfor p in 1..400 {{ F[p + 1] = F[p] F[p] }}"), None),
        (
            "a transposed loop that doubles",
            format!("{head}F[1] = A\nfor p in 1..60 {{ F[p + 1] = F[p]' F[p] + A }}\nG = F[60]'"),
            None,
        ),
        (
            "sums that double",
            format!("{head}F[1] = A\nfor p in 1..60 {{ F[p + 1] = F[p] + F[p]' + F[p] ∘ A }}\nG = F[60]'"),
            None,
        ),
        ("empty loops", "for p in 1..99999 { for q in 1..99999 { } }".into(), Some(Code::TooLarge)),
        (
            "layers that double",
            lines(&|i| format!("layer f{}(X) = f{i}(f{i}(X))\n", i + 1), 60)
                + "layer f0(X) = X X\ndim n\ninput A: n × n\nF = f60(A)",
            Some(Code::TooLarge),
        ),
        (
            "a chain of layers",
            lines(&|i| format!("layer f{}(X) = f{i}(X')\n", i + 1), 5_000)
                + "layer f0(X) = X\ndim n\ninput A: n × n\nF = f5000(A)",
            Some(Code::Nesting),
        ),
        ("mistakes without end", lines(&|i| format!("F{i} = x{i} + ) \n"), 20_000), Some(Code::Many)),
        ("unknown names without end", lines(&|i| format!("F{i} = x{i}\n"), 20_000), Some(Code::Many)),
        ("unclosed lines", lines(&|_| "F = (A\n".to_owned(), 20_000), Some(Code::Bracket)),
        ("zero bytes", many("\0", 10_000), Some(Code::Syntax)),
        ("quotes", many("\"", 10_001), Some(Code::Syntax)),
        ("hashes", many("#", 100_000), None),
        ("semicolons", many(";", 100_000), None),
        ("arguments", format!("{head}F = hcat({}A)", many("A, ", 3_000)), Some(Code::TooLarge)),
        ("a long index", format!("{head}F = A[{}1]", many("1, ", 50_000)), Some(Code::Slice)),
        ("many declarations", format!("dim n\n{}", lines(&|i| format!("param W{i}: n\n"), 30_000)), None),
        ("inclusions", "use \"loop-a.hesse\"\n".repeat(1000), Some(Code::Recursion)),
        (
            "a Hessian of many",
            format!("dim n\n{}loss sum(W0)\nH = hessian(loss)", lines(&|i| format!("param W{i}: n\n"), 200)),
            None,
        ),
    ];
    for (name, text, code) in cases {
        let (codes, rendered) = said("hostile.hesse", &text);
        assert!(rendered.len() < 60_000, "{name}: {} bytes of diagnostics", rendered.len());
        match code {
            None => assert!(codes.is_empty(), "{name}:\n{rendered}"),
            Some(code) => assert!(codes.contains(&code), "{name}: no {code:?} but {codes:?}:\n{rendered}"),
        }
    }
}

/// Cutting and garbling good files gives diagnostics or models, and never anything else.
#[test]
fn garbled_files() {
    let good = "# attention\ndim L, dV; dim h = 2*dV\ninput X: L × dV\nparam W[1]: dV x h\nfor p in 2..3 { param W[p]: h × h\n}\n\
                layer f(X, W) {\n  Y = relu(X W)\n  Y Y'\n}\nassume symmetric(W[2]), dV > 0\nT = X W[1]' ⊗ e(1, 2)\n\
                loss mse(f(X, W[1]), ones(L, 1) ones(1, L)) + sum(W[2][1:2, :].^2)/3 - tr(W[3]^-1)\n\
                claim \"c\": hessian(loss, W[1]) == 0\n";
    let chars: Vec<char> = good.chars().collect();
    let odd = [
        '(', ')', '[', ']', '{', '}', '"', '#', ';', '\n', '\'', '^', '.', ',', '=', '-', '×', '⊗', '9', 'X', '\0', ' ', ':', '<',
    ];
    let mut read = 0;
    for i in 0..chars.len() {
        let cut: String = chars[..i].iter().collect();
        said("cut.hesse", &cut);
        for k in 0..4 {
            let mut garbled = chars.clone();
            garbled[i] = odd[(i * 7 + k * 5) % odd.len()];
            let text: String = garbled.iter().collect();
            read += usize::from(!said("garbled.hesse", &text).0.is_empty());
        }
    }
    assert!(read > chars.len(), "most garbled files are wrong: {read}");
}

/// Every code has a number of its own.
#[test]
fn codes_are_distinct() {
    let mut numbers: Vec<&str> = Code::ALL.iter().map(|c| c.number()).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), Code::ALL.len());
    assert!(Code::ALL.iter().all(|c| !c.title().is_empty()));
}
