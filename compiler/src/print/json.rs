//! Formulas as JSON: every result and every part in all formats at once.

use super::{CONVENTION, Document, Format, Line, latex, line};

/// The parts, the results and further members as one object.
pub(super) fn document(d: &Document, further: &[(&str, String)]) -> String {
    let part = |l: &Line| object(&[("name", &l.name), ("shape", &l.shape)], l, &[Format::Text, Format::Latex, Format::Hesse]);
    let result = |l: &Line| {
        let formats = [Format::Text, Format::Latex, Format::Mathml, Format::Hesse];
        object(&[("query", &l.name), ("shape", &l.shape)], l, &formats)
    };
    let list = |items: Vec<String>| match items.is_empty() {
        true => "[]".to_owned(),
        false => format!("[\n    {}\n  ]", items.join(",\n    ")),
    };
    let further: String = further.iter().map(|(name, value)| format!(",\n  {}: {value}", string(name))).collect();
    format!(
        "{{\n  \"convention\": {},\n  \"parts\": {},\n  \"results\": {}{further}\n}}\n",
        string(CONVENTION),
        list(d.parts.iter().map(part).collect()),
        list(d.results.iter().map(result).collect())
    )
}

fn object(fields: &[(&str, &str)], l: &Line, formats: &[Format]) -> String {
    let mut out: Vec<String> = fields.iter().map(|(k, v)| format!("{}: {}", string(k), string(v))).collect();
    for (format, name) in Format::ALL {
        if formats.contains(&format) {
            let spelled = if format == Format::Latex { latex::display(&l.formula) } else { line(&l.formula, format) };
            out.push(format!("{}: {}", string(name), string(&spelled)));
        }
    }
    format!("{{{}}}", out.join(", "))
}

/// A JSON string.
pub fn string(s: &str) -> String {
    let mut out = String::from("\"");
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
