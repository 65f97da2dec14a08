//! The page in a browser: every block is there, every formula parses, folding and switching work by keyboard, nothing is fetched.
//!
//! Where there is no Chromium the test says so and ends, unless `HESSE_BROWSER` is set, as CI does.

#[path = "support/browser.rs"]
mod browser;
mod support;

use browser::Browser;
use serde_json::{Value, json};
use std::path::Path;
use support::Folder;

/// Counts and names, as one object.
const SEEN: &str = r#"(() => {
  const all = (s) => [...document.querySelectorAll(s)];
  const math = "http://www.w3.org/1998/Math/MathML";
  const wrong = (m) => [m, ...m.querySelectorAll("*")].some((e) => e.namespaceURI !== math || e.localName === "merror") || m.querySelector("math");
  return {
    names: all("article.formula").map((a) => a.dataset.name),
    formulas: all("article .mathml").filter((d) => d.querySelector("math")).length,
    unparsed: all("math").filter(wrong).length,
    flat: all("math").filter((m) => m.checkVisibility() && m.getBoundingClientRect().height < 4).length,
    wide: Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth),
    fetched: performance.getEntriesByType("resource").length,
    leading: all("article pre.rust a").length,
    dangling: all("a[href^='#']").filter((a) => !document.getElementById(a.getAttribute("href").slice(1))).length,
    hidden: all("button.copy").filter((b) => b.hidden).length,
    images: all("figure svg").filter((s) => s.getBoundingClientRect().width > 200).length,
  };
})()"#;

/// Which notations are shown.
const SHOWN: &str = r#"["article .mathml", "article .latex", "article .text", "article .hesse", ".module"].map((s) => document.querySelector(s).checkVisibility())"#;

#[test]
fn the_page_works_in_a_browser() {
    let folder = Folder::new("page-browser");
    let Some(mut browser) = Browser::start(&folder.path("profile")) else {
        assert!(std::env::var_os("HESSE_BROWSER").is_none(), "HESSE_BROWSER is set, but there is no Chromium");
        println!("there is no Chromium here: the page was not opened");
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let paths = ["attention.hesse", "data/attention.json"].map(|p| root.join(p).display().to_string());
    folder.good(&["report", &paths[0], "--data", &paths[1], "-o", "r.html"]);
    let sidecar: Value = serde_json::from_slice(&folder.bytes("r.json")).expect("JSON");
    let names = |key: &str| -> Vec<Value> {
        sidecar["formulas"][key].as_array().expect("a list").iter().map(|f| f["name"].clone()).collect()
    };
    let mut all: Vec<Value> = names("results").into_iter().chain(names("parts")).collect();
    assert!(all.len() >= 21, "3 gradients and 3 times 6 blocks");
    all.sort_by_key(Value::to_string);
    let steps = sidecar["derivations"].as_array().expect("a list").iter().flat_map(|d| d["steps"].as_array().expect("a list"));
    let changes = steps.inspect(|s| assert!(s["before"][1] != "" && s["after"][1] != "", "{s}")).count();
    assert!(changes > 5, "only {changes} steps");
    for (width, scheme) in [(1200, "light"), (390, "dark")] {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
        browser.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.ask("Emulation.setEmulatedMedia", scheme);
        browser.open(&folder.path("r.html"));
        let seen = browser.value(SEEN);
        let mut found = seen["names"].as_array().expect("a list").clone();
        found.sort_by_key(Value::to_string);
        assert_eq!(found, all, "every block and part is on the page once");
        assert_eq!(seen["formulas"], all.len(), "{seen}");
        for none in ["unparsed", "flat", "wide", "fetched", "hidden", "dangling"] {
            assert_eq!(seen[none], 0, "{none} at a width of {width}: {seen}");
        }
        assert_eq!(seen["leading"], 9, "3 gradients and 6 blocks lead to their place in the module: {seen}");
        assert_eq!(seen["images"], 4, "slack, heat map, spectrum, norms: {seen}");
        // arrow keys go through the notations
        browser.value("document.getElementById('as-mathml').focus()");
        for k in 0..5 {
            let expected: Vec<bool> = (0..5).map(|i| i == k).collect();
            assert_eq!(browser.value(SHOWN), json!(expected), "notation {k}");
            browser.press("ArrowRight");
        }
        // the enter key unfolds, and folds again
        let fold = "document.querySelector('details').open";
        browser.value("document.querySelector('summary').focus()");
        for open in [false, true, false] {
            assert_eq!(browser.value(fold), open);
            browser.press("Enter");
        }
        browser.press("Tab");
        assert_ne!(browser.value("document.activeElement.tagName"), "BODY", "the next part can be reached");
        let told = |e: &&Value| {
            ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"].iter().any(|m| e["method"] == *m)
        };
        assert_eq!(browser.events.iter().find(told), None, "the console is empty");
        let requests = browser.events.iter().filter(|e| e["method"] == "Network.requestWillBeSent");
        let outside: Vec<&Value> = requests.map(|e| &e["params"]["request"]["url"]).collect();
        let inside =
            |u: &&Value| u.as_str().is_some_and(|u| u.starts_with("file://") && u.ends_with("/r.html") || u.starts_with("data:"));
        assert!(outside.iter().all(inside), "{outside:?}");
    }
}
