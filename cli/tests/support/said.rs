//! What a page in HTML says to its reader, to be looked for in the same page in another format: by letters and digits alone.

/// All that the page says piece by piece: titles, paragraphs, steps, rows of tables, captions.
pub(crate) fn claims(html: &str) -> Vec<String> {
    // spellings of formulas are compared with the sidecar, and the Rust module stands on the page only
    let start = html.find("<header>").expect("a header");
    let html = match (html.find("<div class=\"module\">"), html.find("</article></div>")) {
        (Some(a), Some(b)) => format!("{}{}", &html[start..a], &html[b..]),
        _ => html[start..].to_owned(),
    };
    let mut out = vec![];
    for tag in ["h1", "h2", "h3", "h4", "p", "summary", "figcaption", "li"] {
        let all = elements(&html, tag).into_iter().filter(|e| !e.starts_with(" class=\"hint switch\"") && !e.contains("<pre"));
        out.extend(all.map(|e| e.replace("copy</button>", "")).filter(|e| !e.contains("as LaTeX")));
    }
    out.extend(elements(&html, "div").into_iter().filter(|e| e.starts_with(" class=\"step\"")));
    let written = |e: &String| [" class=\"model\"", " class=\"command\""].iter().any(|c| e.starts_with(c));
    out.extend(elements(&html, "pre").into_iter().filter(written));
    for table in elements(&html, "table") {
        let titles = elements(&table, "th");
        let rows: Vec<Vec<String>> = elements(&table, "tr").iter().map(|r| elements(r, "td")).collect();
        let formula = |k: usize| rows.iter().any(|r| r.get(k).is_some_and(|c| c.contains("<math")));
        let kept: Vec<usize> = (0..rows.last().map_or(0, Vec::len)).filter(|k| !formula(*k)).collect();
        if kept.len() > 1 {
            // titles one by one, since sets of weights may stand above them
            let title = |k: &usize| titles[*k].replace("<br>", "\n>").lines().map(str::to_owned).collect::<Vec<_>>();
            out.extend(kept.iter().flat_map(title));
            out.extend(rows.iter().filter(|r| !r.is_empty()).map(|r| kept.iter().map(|k| format!("<td{}", r[*k])).collect()));
        }
    }
    out.iter().map(|e| shown(&format!("<x{e}"))).filter(|e| !e.is_empty()).collect()
}

/// Which of these a text in Markdown or LaTeX does not have.
pub(crate) fn missing(claims: &[String], text: &str) -> Vec<String> {
    let text = source(text);
    claims.iter().filter(|c| !text.contains(c.as_str())).cloned().collect()
}

/// The insides of all elements of a tag, with their attributes in front, up to the first end tag.
fn elements(html: &str, tag: &str) -> Vec<String> {
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let begins = html.match_indices(&open).map(|(at, _)| &html[at + open.len()..]);
    let own = begins.filter(|rest| rest.starts_with('>') || rest.starts_with(' '));
    own.map(|rest| rest[..rest.find(&close).expect("an end tag")].to_owned()).collect()
}

/// The letters and digits of what HTML shows.
fn shown(html: &str) -> String {
    let (mut inside, mut text) = (false, String::new());
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The letters and digits of a source without its commands.
fn source(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c == '\\' && rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let number = rest.starts_with("char");
            rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            rest = if number { rest.trim_start_matches(|c: char| c.is_ascii_digit()) } else { rest };
        } else if c.is_ascii_alphanumeric() {
            out.push(c);
        }
    }
    out
}
