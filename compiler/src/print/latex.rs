//! Formulas as LaTeX source with amsmath: fractions, roots, subscripts; long lines are wrapped in `aligned`.

use super::{
    Document, LATEX_WIDTH, Line, Piece,
    formula::{Formula, infix, level},
    pieces,
    symbol::symbol,
    wrap::{self, BREAK_PRODUCT, BREAK_SUM},
};
use crate::{
    dim::Dim,
    expr::{Form, Op},
    greek::greek,
    number::Number,
};

/// The convention in a sentence of LaTeX.
const SENTENCE: &str = r"Here $\operatorname{vec}_r$ stacks rows: $\operatorname{vec}_r(A\,X\,B) = (A \otimes B^{\top})\,\operatorname{vec}_r(X)$, and the Jacobian of $F$ is $\partial\operatorname{vec}_r(F)/\partial\operatorname{vec}_r(X)^{\top}$.";

/// The sentence of the convention and one display with the parts and the results.
pub(super) fn document(d: &Document) -> String {
    let mut rows = vec![];
    for l in &d.parts {
        rows.push(row(&name(&l.name), l));
    }
    for l in &d.results {
        rows.push(row(&query(&l.name), l));
    }
    format!("{SENTENCE}\n\\[\n\\begin{{aligned}}\n{}\n\\end{{aligned}}\n\\]\n", rows.join(" \\\\\n"))
}

fn row(name: &str, l: &Line) -> String {
    format!("{name} &= {}", lines(&l.formula).join(" \\\\\n&\\quad "))
}

/// The lines of a display; a thin space at the beginning of one would only move it.
fn lines(f: &Formula) -> Vec<String> {
    let lines = wrap::lines(&latex(f), LATEX_WIDTH, &wrap::latex);
    lines.into_iter().map(|l| l.strip_prefix(r"\,").map(str::to_owned).unwrap_or(l)).collect()
}

/// A formula as it stands in a display by itself; in `aligned` where it has several lines.
pub(super) fn display(f: &Formula) -> String {
    let lines = lines(f);
    match lines.as_slice() {
        [one] => one.clone(),
        several => aligned(several),
    }
}

/// A formula that was written in one line as a display: where it is long, in `aligned`, with lines that end at sums and products
/// outside of norms, braces and as many brackets as can be.
pub(super) fn wrapped(line: &str) -> String {
    if line.contains(r"\begin") {
        return line.to_owned();
    }
    let narrow = narrow(line);
    let (mut marked, mut rest, mut norms) = (String::new(), narrow.as_str(), 0usize);
    while let Some(first) = rest.chars().next() {
        norms = (norms + usize::from(rest.starts_with(r"\lVert"))).saturating_sub(usize::from(rest.starts_with(r"\rVert")));
        let sign = [(" + ", BREAK_SUM), (r"\,", BREAK_PRODUCT)].into_iter().find(|(s, _)| norms == 0 && rest.starts_with(s));
        let taken = sign.map_or(first.len_utf8(), |(s, _)| s.len());
        marked.extend(sign.map(|(_, mark)| mark));
        marked.push_str(&rest[..taken]);
        rest = &rest[taken..];
        if marked.ends_with(", ") && norms == 0 {
            marked.push(BREAK_PRODUCT);
        }
    }
    let lines = wrap::lines(&marked, LATEX_WIDTH, &wrap::latex);
    if lines.len() == 1 {
        return line.to_owned();
    }
    // brackets that stretch could not be parted from each other
    let sign = |l: &String| l.strip_prefix(r"\,").map_or_else(|| l.clone(), |rest| format!(r"\cdot {rest}"));
    let parted = |l: &String| sign(l).replace(r"\left(", r"\bigl(").replace(r"\right)", r"\bigr)");
    aligned(&lines.iter().map(parted).collect::<Vec<_>>())
}

/// The formula with `1/b` in front of what stands above a fraction bar and is too wide to stay there, or its number over b: it is a
/// product.
fn narrow(line: &str) -> String {
    let mut out = line.to_owned();
    let mut from = 0;
    while let Some(at) = out[from..].find(r"\frac{").map(|k| from + k) {
        from = at + r"\frac{".len();
        let Some(above) = group(&out[from..]) else { break };
        let Some(below) = group(&out[from + above + 2..]) else { break };
        let (top, bottom) = (&out[from..from + above], &out[from + above + 2..from + above + 2 + below]);
        if wrap::latex(&top.chars().collect::<Vec<_>>()).iter().sum::<usize>() > LATEX_WIDTH / 2 {
            let end = from + above + 2 + below + 1;
            let number = top.split_once(r"\,").filter(|(n, _)| n.bytes().all(|b| b.is_ascii_digit()));
            let (number, others) = number.unwrap_or(("1", top));
            out = format!(r"{}\frac{{{number}}}{{{bottom}}}\,{others}{}", &out[..at], &out[end..]);
        }
    }
    out
}

/// The length of what stands before the brace that closes a group.
fn group(inside: &str) -> Option<usize> {
    let mut depth = 0usize;
    inside.char_indices().find_map(|(k, c)| {
        depth += usize::from(c == '{');
        match (c, depth) {
            ('}', 0) => Some(k),
            ('}', _) => {
                depth -= 1;
                None
            }
            _ => None,
        }
    })
}

/// Lines of one formula.
fn aligned(lines: &[String]) -> String {
    format!("\\begin{{aligned}}\n&{}\n\\end{{aligned}}", lines.join(" \\\\\n&\\quad "))
}

/// A formula in LaTeX, with marks where a line may end.
pub(super) fn latex(f: &Formula) -> String {
    let mut out = String::new();
    write(f, &mut out);
    out
}

fn write(f: &Formula, out: &mut String) {
    match f {
        Formula::Name(n) => out.push_str(&name(n)),
        Formula::Omitted => out.push_str(r"\ldots"),
        Formula::Number(n) => out.push_str(&number(*n)),
        Formula::Size(d) => out.push_str(&size(d)),
        Formula::Sum(terms) => {
            for (i, t) in terms.iter().enumerate() {
                if i > 0 {
                    out.push(BREAK_SUM);
                    out.push_str(if t.is_negative() { " - " } else { " + " });
                } else if t.is_negative() {
                    out.push('-');
                }
                unsigned(t, out);
            }
        }
        Formula::Multiple { negative, .. } => {
            if *negative {
                out.push('-');
            }
            unsigned(f, out);
        }
        Formula::Infix(op, quotient, sides) => between(op, *quotient, &sides.0, &sides.1, out),
        Formula::Power(x, p, entrywise) => {
            operand(x, level::POSTFIX + 1, out);
            let sign = if p.is_negative() { "-" } else { "" };
            let magnitude = number(p.abs());
            out.push_str(&format!("^{{{}{sign}{magnitude}}}", if *entrywise { r"\circ " } else { "" }));
        }
        Formula::Root(x) => out.push_str(&format!(r"\sqrt{{{}}}", latex(x))),
        Formula::Slice(x, ranges) => {
            operand(x, level::POSTFIX, out);
            let range = |r: &Option<(Dim, Dim)>| match r {
                None => ":".to_owned(),
                Some((a, b)) if a == b => size(a),
                Some((a, b)) => format!("{}:{}", size(a), size(b)),
            };
            out.push_str(&format!(r"[{},\,{}]", range(&ranges[0]), range(&ranges[1])));
        }
        Formula::Apply(op, args) => apply(op, args, out),
    }
}

/// In brackets, large enough for what they hold, if it is looser than its place.
fn operand(f: &Formula, least: u8, out: &mut String) {
    if f.level() >= least {
        return write(f, out);
    }
    brackets(&latex(f), out);
}

/// Brackets between which a line may end: `\left(` could not be parted from its `\right)`.
fn brackets(inner: &str, out: &mut String) {
    let (open, close) = if inner.contains(r"\frac") { (r"\bigl(", r"\bigr)") } else { ("(", ")") };
    out.push_str(open);
    out.push_str(inner);
    out.push_str(close);
}

fn factors(fs: &[Formula], out: &mut String) {
    for (i, x) in fs.iter().enumerate() {
        if i > 0 {
            out.push_str(r"\,");
        }
        operand(x, level::PRODUCT + 1, out);
    }
}

/// The formula without the minus in front, which its surroundings have written.
fn unsigned(f: &Formula, out: &mut String) {
    let Formula::Multiple { above, below, of, .. } = f else {
        return operand(f, level::SUM + 1, out);
    };
    if below.is_empty() {
        factors(above, out);
    } else {
        let (mut top, mut bottom) = (String::new(), String::new());
        let side = |fs: &[Formula], out: &mut String| match fs {
            [] => out.push('1'),
            [one] => write(one, out),
            several => factors(several, out),
        };
        side(above, &mut top);
        side(below, &mut bottom);
        out.push_str(&format!(r"\frac{{{top}}}{{{bottom}}}"));
    }
    match of {
        None if above.is_empty() && below.is_empty() => out.push('1'),
        None => {}
        Some(of) => {
            if !above.is_empty() || !below.is_empty() {
                out.push_str(r"\,");
            }
            operand(of, level::SUM + 1, out);
        }
    }
}

fn between(op: &'static Op, quotient: bool, a: &Formula, b: &Formula, out: &mut String) {
    let own = infix(op).map_or(level::PRODUCT, |(_, l)| l);
    let sign = match op.forms.latex {
        _ if quotient => r"\oslash",
        Form::Infix(sign, _) => sign,
        _ => r"\,",
    };
    let other = |side: &Formula| match side {
        Formula::Infix(o, q, _) => *q != quotient || quotient || o.name != op.name,
        Formula::Multiple { .. } => sign != r"\,",
        _ => true,
    };
    operand(a, own + u8::from(a.level() == own && other(a)), out);
    out.push(BREAK_PRODUCT);
    match sign {
        r"\," => out.push_str(sign),
        sign => out.push_str(&format!(" {sign} ")),
    }
    let inside = b.level() == own && (other(b) || matches!(b, Formula::Multiple { .. }));
    operand(b, own + u8::from(inside), out);
}

fn apply(op: &'static Op, args: &[Formula], out: &mut String) {
    let listed = |sep: &str| args.iter().map(latex).collect::<Vec<_>>().join(sep);
    match op.forms.latex {
        // all that a constant depends on is its size
        Form::Call(name) if !args.is_empty() && args.iter().all(|a| matches!(a, Formula::Size(_))) => {
            out.push_str(&format!("{name}_{{{}}}", listed(",")));
        }
        Form::Call(name) => {
            out.push_str(name);
            brackets(&listed(r",\,"), out);
        }
        Form::Fence(open, close) => out.push_str(&format!("{open}{}{close}", listed(r",\,"))),
        Form::Postfix(sign) => {
            if let Some(a) = args.first() {
                let superscript = matches!(a, Formula::Apply(o, _) if matches!(o.forms.latex, Form::Postfix(_)));
                operand(a, level::POSTFIX + u8::from(superscript || matches!(a, Formula::Power(..))), out);
            }
            out.push_str(sign);
        }
        Form::Infix(sign, own) => {
            for (i, a) in args.iter().enumerate() {
                if i > 0 {
                    out.push_str(&format!(" {sign} "));
                }
                operand(a, own + 1, out);
            }
        }
        Form::Template(template) => {
            for piece in pieces(template) {
                match piece {
                    Piece::Text(t) => out.push_str(t),
                    Piece::Argument(0) => {
                        if let Some(a) = args.first() {
                            operand(a, level::POSTFIX, out);
                        }
                    }
                    Piece::Argument(i) => {
                        if let Some(a) = args.get(i) {
                            write(a, out);
                        }
                    }
                }
            }
        }
    }
}

/// A name with its subscript.
pub(super) fn name(n: &str) -> String {
    if n.contains('(') {
        // a result is called by its query
        return query(n);
    }
    let s = symbol(n);
    let base = letters(&s.base);
    match s.subscript.as_str() {
        "" => base,
        sub if sub.chars().count() == 1 && sub.is_ascii() => format!("{base}_{sub}"),
        sub => format!("{base}_{{{}}}", sub.split(',').map(letters).collect::<Vec<_>>().join(",")),
    }
}

/// One letter in italics, a Greek one by its command, a word upright.
fn letters(s: &str) -> String {
    if let Some((spelled, _)) = greek(s) {
        return format!(r"\{spelled}");
    }
    let mut chars = s.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if c.is_alphanumeric() => s.to_owned(),
        _ if s.chars().all(|c| c.is_ascii_digit()) => s.to_owned(),
        _ => format!(r"\mathrm{{{}}}", s.chars().map(escape).collect::<String>()),
    }
}

fn escape(c: char) -> String {
    match c {
        '_' | '%' | '&' | '#' | '$' | '{' | '}' => format!(r"\{c}"),
        '\\' => r"\backslash ".to_owned(),
        '^' => r"\wedge ".to_owned(),
        '~' => r"\sim ".to_owned(),
        c => c.to_string(),
    }
}

/// A query as the left side of its result.
fn query(q: &str) -> String {
    let chars: Vec<char> = q.chars().collect();
    let (mut out, mut i) = (String::new(), 0);
    while i < chars.len() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        if chars[i].is_alphabetic() {
            let end = (i..chars.len()).find(|&k| !word(chars[k])).unwrap_or(chars.len());
            let ident: String = chars[i..end].iter().collect();
            match chars.get(end) {
                Some('(') => {
                    out.push_str(&format!(r"\operatorname{{{}}}", ident.chars().map(escape).collect::<String>()));
                }
                _ => out.push_str(&name(&ident)),
            }
            i = end;
            continue;
        }
        out.push_str(&match chars[i] {
            '\'' => r"^{\top}".to_owned(),
            '⊗' => r" \otimes ".to_owned(),
            '∘' => r" \circ ".to_owned(),
            '×' => r" \times ".to_owned(),
            c if c.is_whitespace() => r"\,".to_owned(),
            '^' => r"{\wedge}".to_owned(),
            c => escape(c),
        });
        i += 1;
    }
    out
}

/// A size: names as symbols, products by a thin space.
fn size(d: &Dim) -> String {
    let text = d.to_string();
    let mut out = String::new();
    for word in text.split(' ') {
        if !out.is_empty() {
            out.push(' ');
        }
        let factors: Vec<String> = word
            .split('*')
            .map(|f| match f.split_once('/') {
                Some((a, b)) => format!(r"\tfrac{{{}}}{{{b}}}", signed_name(a)),
                None => signed_name(f),
            })
            .collect();
        out.push_str(&factors.join(r"\,"));
    }
    out
}

fn signed_name(s: &str) -> String {
    match s.strip_prefix('-') {
        Some("") => "-".to_owned(),
        Some(rest) => format!("-{}", name(rest)),
        None if s == "+" => s.to_owned(),
        None => name(s),
    }
}

/// A number that is not negative.
fn number(n: Number) -> String {
    match n {
        Number::Ratio(n, 1) => n.to_string(),
        Number::Ratio(n, d) => format!("{n}/{d}"),
        Number::Float(x) if x == std::f64::consts::PI => r"\pi".to_owned(),
        Number::Float(x) if (1e-4..1e15).contains(&x) => x.to_string(),
        Number::Float(x) => match format!("{x:e}").split_once('e') {
            Some((m, e)) => format!(r"{m} \cdot 10^{{{e}}}"),
            None => format!("{x}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn long_lines_end_outside_of_norms_and_braces() {
        let norm = r"\lVert F + Y\rVert_{2}";
        let term = |n: &str| format!(r"\frac{{{norm}\,{norm} + 1}}{{{n}}}\,\left({norm} + {n}\right)");
        assert_eq!(wrapped(&term("d")), term("d"), "it fits");
        let long = [term("a"), term("b"), term("c"), term("d")].join(" + ");
        let broken = wrapped(&long);
        assert!(broken.starts_with(r"\begin{aligned}") && broken.matches(r"\\").count() >= 1, "{broken}");
        for line in broken.lines().filter(|l| l.starts_with('&')) {
            assert_eq!(line.matches('{').count(), line.matches('}').count(), "{line}");
            assert_eq!(line.matches(r"\lVert").count(), line.matches(r"\rVert").count(), "{line}");
            assert!(!line.contains(r"\left") && !line.contains(r"\right"), "{line}");
        }
        // nothing but lines and brackets differs
        let bare = |s: &str| {
            let gone = [r"\cdot", r"\begin{aligned}", r"\end{aligned}", r"\quad", r"\\", r"\,", "&", "\n", " "];
            let even = s.replace(r"\left", r"\bigl").replace(r"\right", r"\bigr");
            gone.iter().fold(even, |s, g| s.replace(g, ""))
        };
        assert_eq!(bare(&broken), bare(&long));
    }

    #[test]
    fn what_is_wide_does_not_stay_above_a_bar() {
        let factors = [r"\lVert X\rVert_{2}^{2}"; 16].join(r"\,");
        let broken = wrapped(&format!(r"2 + \frac{{{factors}}}{{\sqrt{{d}}}}"));
        assert!(broken.contains(r"\frac{1}{\sqrt{d}}"), "{broken}");
        assert!(broken.lines().count() > 3, "{broken}");
        assert_eq!(broken.matches(r"\lVert").count(), 16);
        let two = wrapped(&format!(r"\frac{{2\,{factors}}}{{d}}"));
        assert!(two.contains(r"&\frac{2}{d}\,\lVert X"), "{two}");
        // no group is closed where none is open
        assert_eq!(wrapped(r"\frac{a"), r"\frac{a");
    }
}
