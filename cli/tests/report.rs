//! `hesse report` and `hesse plot` from outside: the page and its sidecar, wrong input, maps of names.

#[path = "support/said.rs"]
mod said;
mod support;

use serde_json::Value;
use std::fs;
use support::Folder;

const DATA: &str = r#"{"X": [[1, 2], [0.5, -1], [2, 0]], "Y": [[1], [0], [-1]], "W": [[0.5], [-0.25]]}"#;

fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path(name)).expect("a text")
}

fn json(folder: &Folder, name: &str) -> Value {
    serde_json::from_str(&read(folder, name)).expect("JSON")
}

#[test]
fn the_page_says_what_its_sidecar_says() {
    let folder = Folder::new("report-page");
    folder.file("d.json", DATA);
    folder.good(&["report", "m.hesse", "--data", "d.json", "-o", "r.html"]);
    let (page, sidecar) = (read(&folder, "r.html"), json(&folder, "r.json"));
    let escaped = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let mut seen = 0;
    let formulas = &sidecar["formulas"];
    for f in formulas["parts"].as_array().into_iter().chain(formulas["results"].as_array()).flatten() {
        for format in ["text", "latex", "hesse"] {
            let spelled = f[format].as_str().expect("a formula");
            assert!(page.contains(&escaped(spelled)), "{format} of {} is not on the page: {spelled}", f["name"]);
            seen += 1;
        }
    }
    let loss = sidecar["numbers"][0]["loss"].as_f64().expect("a number");
    let slack = sidecar["bounds"]["blocks"][0]["slack"].as_f64().expect("a number");
    for x in [loss, slack] {
        assert!(page.contains(&format!(">{}<", hesse_report::figure(x))), "{x} is not on the page");
    }
    assert!(seen >= 12, "only {seen} formulas were compared");
    // by another way: `eval` and `bounds`
    let eval: Value =
        serde_json::from_str(&folder.good(&["eval", "m.hesse", "--data", "d.json", "-q", "loss", "norm2(hessian(loss))"]))
            .expect("JSON");
    assert_eq!(eval["results"][0]["data"][0][0], sidecar["numbers"][0]["loss"]);
    let norm = eval["results"][1]["data"][0][0].as_f64().expect("a number");
    let own = sidecar["numbers"][0]["blocks"][0]["spectral"].as_f64().expect("a number");
    assert!((norm - own).abs() < 1e-9 * norm, "{norm} is not {own}");
    let bounds: Value = serde_json::from_str(&folder.good(&["bounds", "m.hesse", "--data", "d.json", "--json"])).expect("JSON");
    assert_eq!(bounds["blocks"][0]["bound"], sidecar["bounds"]["blocks"][0]["bound"]);
}

/// What a reader sees of the page must stand in the Markdown and in the LaTeX, too.
#[test]
fn every_format_says_what_the_page_says() {
    let folder = Folder::new("report-formats");
    folder.file("d.json", DATA);
    folder.file("w.json", r#"{"W": [[1], [2]]}"#);
    let example = |file: &str| format!("{}/../examples/{file}", env!("CARGO_MANIFEST_DIR"));
    let (attention, tokens) = (example("attention.hesse"), example("data/attention.json"));
    let cases: [(&[&str], usize, usize); 3] = [
        (&["m.hesse"], 0, 20),
        (&["m.hesse", "--data", "d.json", "--data2", "w.json"], 6, 60),
        (&[&attention, "--data", &tokens], 4, 150),
    ];
    for (args, charts, least) in cases {
        for name in ["r.html", "r.md", "r.tex"] {
            folder.good(&[&["report"], args, &["--no-times", "-o", name]].concat());
        }
        let (page, sidecar) = (read(&folder, "r.html"), json(&folder, "r.json"));
        let claims = said::claims(&page);
        assert!(claims.len() >= least, "only {} things are said: {claims:?}", claims.len());
        for name in ["r.md", "r.tex"] {
            // the command names its own output
            let text = read(&folder, name).replace(name, "r.html");
            assert_eq!(said::missing(&claims, &text), Vec::<String>::new(), "of {args:?} in {name}");
            for latex in latex(&sidecar) {
                assert!(text.contains(&latex), "{latex} is not in {name}");
            }
            let images = text.matches("![").count() + text.matches("\\includegraphics").count();
            assert_eq!((images, page.matches("<figure>").count()), (charts, charts), "charts of {name}");
            // without one of its lines the text says less
            let kept = |without: &str| text.lines().filter(|l| !l.contains(without)).collect::<Vec<_>>().join("\n");
            for line in ["Exact gradients", "target", "Upper bounds", "add up to the Hessian"] {
                assert_ne!(said::missing(&claims, &kept(line)), Vec::<String>::new(), "{line} is left out of {name}");
            }
        }
        assert!(read(&folder, "r.tex").trim_end().ends_with("\\end{document}"));
    }
    let drawn = fs::read_dir(folder.path("r-figures")).expect("a folder of figures");
    let mut names: Vec<String> = drawn.map(|e| e.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let expected = [
        "entries-after.png",
        "entries-before.png",
        "entries.png",
        "norms.png",
        "slack.png",
        "spectrum-after.png",
        "spectrum-before.png",
        "spectrum.png",
    ];
    assert_eq!(names, expected, "those of the one set of weights, and of two");
    for name in &names {
        assert!(folder.bytes(&format!("r-figures/{name}")).starts_with(b"\x89PNG"), "{name}");
        let named = |text: &str| text.contains(&format!("](r-figures/{name})")) || text.contains(&format!("{{{name}}}"));
        let new = !name.contains("before") && !name.contains("after");
        assert_eq!(["r.md", "r.tex"].map(|f| named(&read(&folder, f))), [new, new], "{name}");
    }
    assert!(read(&folder, "r.tex").contains("\\graphicspath{{r-figures/}}"));
    for outside in ["src=\"", "href=\"http", "url(", "@import"] {
        assert!(!read(&folder, "r.html").contains(outside), "{outside} names something outside of the page");
    }
}

/// The LaTeX of all formulas and bounds.
fn latex(sidecar: &Value) -> Vec<String> {
    let (formulas, bounds) = (&sidecar["formulas"], &sidecar["bounds"]);
    let lists = [&formulas["parts"], &formulas["results"], &bounds["parts"], &bounds["blocks"]];
    let all = lists.into_iter().flat_map(|l| l.as_array().expect("a list"));
    all.map(|f| f["latex"].as_str().expect("a formula").to_owned()).collect()
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = Folder::new("report-bytes");
    let args = ["report", "m.hesse", "--random", "7", "--dims", "L=3,n=2,k=2", "--no-times", "-o", "r.html"];
    folder.good(&args);
    let first = (folder.bytes("r.html"), folder.bytes("r.json"));
    folder.good(&args);
    assert_eq!(first, (folder.bytes("r.html"), folder.bytes("r.json")));
    let args = [&args[..args.len() - 1], &["r.tex"]].concat();
    let all = || ["r.tex", "r-figures/entries.png", "r-figures/slack.png"].map(|name| folder.bytes(name));
    folder.good(&args);
    let first = all();
    folder.good(&args);
    assert_eq!(first, all());
}

#[test]
fn a_second_set_of_weights_stands_beside_the_first() {
    let folder = Folder::new("report-two");
    folder.file("d.json", DATA);
    folder.file("w.json", r#"{"W": [[0], [0]]}"#);
    folder.good(&["report", "m.hesse", "--data", "d.json", "--data2", "w.json", "-o", "r.html"]);
    let sidecar = json(&folder, "r.json");
    let sets = sidecar["numbers"].as_array().expect("a list");
    assert_eq!([&sets[0]["label"], &sets[1]["label"]], ["before", "after"]);
    // of tanh(0) = 0 the loss is that of Y
    assert_eq!(sets[1]["loss"].as_f64(), Some(2.0 / 3.0));
    assert_eq!(read(&folder, "r.html").matches("<image ").count(), 2);
}

#[test]
fn charts_are_images() {
    let folder = Folder::new("report-charts");
    folder.file("d.json", DATA);
    for kind in ["heatmap", "spectrum", "blocks", "slack"] {
        let (svg, png) = (format!("{kind}.svg"), format!("{kind}.png"));
        for out in [&svg, &png] {
            folder.good(&["plot", "m.hesse", "--data", "d.json", "--kind", kind, "-o", out]);
        }
        assert!(read(&folder, &svg).starts_with("<svg ") && read(&folder, &svg).contains("<text"), "{kind}");
        assert!(folder.bytes(&png).starts_with(b"\x89PNG") && folder.bytes(&png).len() > 2000, "{kind}");
    }
}

#[test]
fn names_are_mapped() {
    let folder = Folder::new("report-map");
    folder.file("d.json", DATA);
    folder.file("x.json", r#"{"X": [[1, 2], [0.5, -1], [2, 0]], "Y": [[1], [0], [-1]]}"#);
    folder.file("torch.json", r#"{"fc.weight": [[0.5, -0.25]]}"#);
    let expected = folder.good(&["eval", "m.hesse", "--data", "d.json", "-q", "loss"]);
    let map = ["eval", "m.hesse", "--data", "x.json", "--data", "torch.json", "--map", "fc.weight=W'", "-q", "loss"];
    assert_eq!(folder.good(&map), expected);
    let queries: [&[&str]; 3] = [&["bounds"], &["bench", "-q", "loss"], &["report", "-o", "r.html"]];
    for command in queries {
        let mut args = vec![command[0], "m.hesse", "--data", "x.json", "--data", "torch.json", "--map", "fc.weight=W'"];
        args.extend(&command[1..]);
        folder.good(&args);
    }
    assert_eq!(json(&folder, "r.json")["numbers"][0]["parameters"][0]["count"], 2);
}

#[test]
fn mistakes_leave_nothing_behind() {
    let folder = Folder::new("report-mistakes");
    folder.file("d.json", DATA);
    folder.file("few.json", r#"{"X": [[1, 2]], "Y": [[1]]}"#);
    folder.file("unfit.json", r#"{"X": [[1, 2]], "Y": [[1], [2]], "W": [[1], [2]]}"#);
    folder.file("none.hesse", "dim n\nparam W: n\nF = W\n");
    folder.file("bare.hesse", "dim n\ninput x: n\nloss dot(x, x)\n");
    folder.file("taken-figures", "a file");
    for name in ["sidecar.json", "folder.md"] {
        fs::create_dir(folder.path(name)).expect("a folder");
    }
    let before = folder.content();
    let report = |rest: &[&'static str]| [&["report", "m.hesse"], rest].concat();
    let cases: [(Vec<&str>, &str); 22] = [
        (vec!["report", "absent.hesse", "-o", "r.html"], "there is no file `absent.hesse`"),
        (vec!["report", "none.hesse", "-o", "r.html"], "there is nothing to report"),
        (vec!["report", "bare.hesse", "-o", "r.html"], "the model has no parameters"),
        (report(&["--data", "absent.npz", "-o", "r.html"]), "there is no file `absent.npz`"),
        (report(&["--data", "few.json", "-o", "r.html"]), "no data for `W`"),
        (report(&["--data", "unfit.json", "-o", "r.html"]), "L"),
        (report(&["--data", "d.json", "--data2", "absent.json", "-o", "r.html"]), "there is no file `absent.json`"),
        (report(&["-o", "r.pdf"]), "does not end in .html, .md or .tex"),
        (report(&["-o", "no/r.html"]), "there is no folder `no`"),
        (report(&["-o", "."]), "is a folder"),
        (report(&["--data", "d.json", "--map", "w=W", "-o", "r.html"]), "there is no such array"),
        (report(&["--data", "d.json", "--map", "W=V", "-o", "r.html"]), "the model has no array `V`"),
        (report(&["--data", "d.json", "--map", "X=W", "-o", "r.html"]), "has an array of that name, too"),
        (report(&["--data", "d.json", "--map", "X=W", "--map", "Y=W", "-o", "r.html"]), "`W` is mapped twice"),
        (report(&["--data", "d.json", "--map", "W", "-o", "r.html"]), "is not NAME=NAME"),
        (report(&["--data", "d.json", "--data", "few.json", "-o", "r.html"]), "`X` is given twice"),
        (report(&["--data", "d.json", "-o", "taken.md"]), "`taken-figures` cannot be written: it is a file"),
        (report(&["--data", "d.json", "-o", "sidecar.tex"]), "`sidecar.json` cannot be written: it is a folder"),
        (report(&["--data", "d.json", "-o", "folder.md"]), "`folder.md` is a folder"),
        (report(&["--data", "d.json", "-o", "/proc/r.md"]), "`/proc/r.md` cannot be written"),
        (vec!["plot", "m.hesse", "--kind", "blocks", "-o", "x.svg"], "a chart is of numbers"),
        (vec!["plot", "m.hesse", "--data", "d.json", "--kind", "slack", "-o", "/proc/x.svg"], "`/proc/x.svg` cannot be written"),
    ];
    let mut told = String::new();
    for (args, expected) in cases {
        let o = folder.run(&args);
        let stderr = String::from_utf8_lossy(&o.stderr).into_owned();
        assert!(matches!(o.status.code(), Some(1 | 2)), "{args:?}: {stderr}");
        assert!(stderr.contains(expected), "{args:?} should say {expected:?}, but says\n{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert_eq!(folder.content(), before, "{args:?} left something behind");
        told.push_str(&format!("$ hesse {}\n{stderr}\n", args.join(" ")));
    }
    insta::assert_snapshot!("report_mistakes", told.trim_end());
    // an HTML page needs no folder of figures
    folder.good(&["report", "m.hesse", "--data", "d.json", "-o", "taken.html"]);
}

/// Numbers that training printed by other code: the emitted gradient's own loss.
#[test]
fn the_vision_transformer_is_trained() {
    let folder = Folder::new("report-vit");
    let vit = |file: &str| format!("{}/../examples/vit/{file}", env!("CARGO_MANIFEST_DIR"));
    let loss = |weights: &str| {
        let data = [vit("vit.hesse"), vit("batch.npz"), vit(weights)];
        let out = folder.good(&["eval", &data[0], "--data", &data[1], "--data", &data[2], "-q", "loss"]);
        let out: Value = serde_json::from_str(&out).expect("JSON");
        out["results"][0]["data"][0][0].as_f64().expect("a number")
    };
    assert!((loss("before.npz") - 2.6366).abs() < 1e-4);
    assert!(loss("after.npz") < 0.2);
}
