//! Long formulas in MathML, parted into pieces between which a line may end: browsers do not break a formula by themselves.

use roxmltree::{Document, Node};

/// Characters of a formula, or of a group in it, that stays in one piece.
const WHOLE: usize = 26;
/// Signs before which a line may end.
const SIGNS: [&str; 8] = ["+", "−", "-", "⊗", "∘", "⊘", "\u{2062}", "="];

/// The formula as [`breakable`] gives it, with brackets of one height: those of browsers stand far from what they hold.
pub(crate) fn even(mathml: &str) -> String {
    let even = |s: String, sign: &str| {
        let s = s.replace(&format!("<mo>{sign}</mo>"), &format!("<mo stretchy=\"false\">{sign}</mo>"));
        s.replace(&format!("fix\">{sign}</mo>"), &format!("fix\" stretchy=\"false\">{sign}</mo>"))
    };
    ["(", ")"].into_iter().fold(breakable(mathml), even)
}

/// The formula as `math` elements, one a piece, with places to break between them. What cannot be read is one piece.
pub(crate) fn breakable(mathml: &str) -> String {
    let Ok(document) = Document::parse(mathml) else { return mathml.to_owned() };
    let mut atoms = vec![];
    flatten(document.root_element(), &mut atoms);
    let (mut pieces, mut current, mut room) = (vec![], String::new(), 0);
    let mut open = true;
    for (k, a) in atoms.iter().enumerate() {
        let sign = a.tag_name().name() == "mo" && SIGNS.contains(&text(*a).as_str());
        // a sign after an opening bracket, or in front, belongs to what follows
        if sign && !open && room + weight_until_sign(&atoms[k + 1..]) > WHOLE {
            pieces.push(std::mem::take(&mut current));
            room = 0;
        }
        current.push_str(&spelled(mathml, *a, sign && !open, current.is_empty()));
        room += text(*a).chars().count();
        open = a.tag_name().name() == "mo" && (sign || text(*a) == "(");
    }
    pieces.push(current);
    let math = |p: &String| format!("<math>{p}</math>");
    pieces.iter().filter(|p| !p.is_empty()).map(math).collect::<Vec<_>>().join("<wbr>")
}

/// A bound with `1/b` in front of what stands above a fraction bar and is too wide to stay there: in bounds it is a product.
pub(crate) fn narrow(mathml: &str) -> String {
    let mut out = mathml.to_owned();
    while let Some(next) = narrowed(&out) {
        out = next;
    }
    out
}

/// The same for the first such fraction; nothing if there is none.
fn narrowed(mathml: &str) -> Option<String> {
    let document = Document::parse(mathml).ok()?;
    let wide = |n: &Node| {
        let inside = n.children().find(Node::is_element);
        n.tag_name().name() == "mfrac" && inside.is_some_and(|a| text(a).chars().count() > 3 * WHOLE / 2)
    };
    let fraction = document.descendants().find(wide)?;
    let inside: Vec<_> = fraction.children().filter(Node::is_element).map(|c| c.range()).collect();
    let [above, below] = inside.as_slice() else { return None };
    let (whole, above, below) = (fraction.range(), &mathml[above.clone()], &mathml[below.clone()]);
    let number = above.strip_prefix("<mrow><mn>").and_then(|a| a.split_once("</mn><mo>\u{2062}</mo>"));
    let (number, others) = number.map_or(("1", above.to_owned()), |(n, rest)| (n, format!("<mrow>{rest}")));
    let moved = format!("<mrow><mfrac><mn>{number}</mn>{below}</mfrac><mo>\u{2062}</mo>{others}</mrow>");
    Some(format!("{}{moved}{}", &mathml[..whole.start], &mathml[whole.end..]))
}

/// All characters of an element.
fn text(n: Node) -> String {
    n.descendants().filter(|d| d.is_text()).filter_map(|d| d.text()).collect()
}

fn weight_until_sign(atoms: &[Node]) -> usize {
    let until = atoms.iter().take_while(|a| a.tag_name().name() != "mo" || !SIGNS.contains(&text(**a).as_str()));
    until.map(|a| text(*a).chars().count()).sum()
}

/// Rows that are long become what stands in them.
fn flatten<'a, 'i>(n: Node<'a, 'i>, out: &mut Vec<Node<'a, 'i>>) {
    let row = matches!(n.tag_name().name(), "math" | "mrow");
    let only = n.tag_name().name() == "math";
    if row && (only || text(n).chars().count() > WHOLE) {
        n.children().filter(Node::is_element).for_each(|c| flatten(c, out));
    } else {
        out.push(n);
    }
}

/// An element as it was written; signs and brackets that lost their row say what they are.
fn spelled(source: &str, n: Node, infix: bool, first: bool) -> String {
    let written = &source[n.range()];
    let form = match (n.tag_name().name(), text(n).as_str()) {
        ("mo", "(") => "prefix",
        ("mo", ")") => "postfix",
        ("mo", _) if infix && first => "infix",
        _ => return written.to_owned(),
    };
    written.replacen("<mo", &format!("<mo form=\"{form}\""), 1)
}

#[cfg(test)]
mod tests {
    use super::{breakable, narrow};

    fn letters(s: &str) -> String {
        let mut inside = false;
        let outside = s.chars().filter(|c| {
            let out = !inside && *c != '<';
            inside = (inside || *c == '<') && *c != '>';
            out
        });
        outside.collect()
    }

    #[test]
    fn what_is_wide_does_not_stay_above_a_bar() {
        let factors = ["<mi>Wide</mi>"; 20].join("<mo>\u{2062}</mo>");
        let fraction = |above: &str| format!("<math><mfrac><mrow>{above}</mrow><mi>d</mi></mfrac></math>");
        assert_eq!(narrow(&fraction("<mi>X</mi>")), fraction("<mi>X</mi>"));
        let moved = narrow(&fraction(&factors));
        assert!(moved.starts_with("<math><mrow><mfrac><mn>1</mn><mi>d</mi></mfrac>"), "{moved}");
        assert_eq!((moved.matches("Wide").count(), moved.matches("<mi>d</mi>").count()), (20, 1), "{moved}");
        assert!(breakable(&moved).matches("<wbr>").count() > 2, "{moved}");
        let two = narrow(&fraction(&format!("<mn>2</mn><mo>\u{2062}</mo>{factors}")));
        assert!(two.starts_with("<math><mrow><mfrac><mn>2</mn><mi>d</mi></mfrac><mo>\u{2062}</mo><mrow><mi>Wide"), "{two}");
        assert_eq!(narrow("no formula"), "no formula");
    }

    #[test]
    fn pieces_say_what_the_formula_says() {
        let term = |k: usize| format!("<mrow><mi>A{k}</mi><mo>⊗</mo><mi>Lemma</mi></mrow>");
        let terms: Vec<String> = (0..9).map(term).collect();
        let long = format!("<math display=\"block\"><mrow><mo>−</mo>{}</mrow></math>", terms.join("<mo>+</mo>"));
        let broken = breakable(&long);
        assert_eq!(letters(&long), letters(&broken));
        assert!(broken.matches("<math>").count() > 2, "{broken}");
        assert!(broken.starts_with("<math><mo>−</mo>"), "the sign in front stays with its term: {broken}");
        for piece in broken.split("<wbr>") {
            assert!(roxmltree::Document::parse(piece).is_ok(), "{piece}");
        }
        let short = "<math display=\"block\"><mi>X</mi></math>";
        assert_eq!(breakable(short), "<math><mi>X</mi></math>");
        assert_eq!(breakable("no formula"), "no formula");
    }
}
