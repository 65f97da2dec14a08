//! What is said of bounds: their parts by name, what was assumed, what is missing, and how each came about.

use super::{
    Bounds,
    formula::{Formula, Symbol, Term},
    norm::Norm,
    print,
    recursion::{Reason, Rule},
};
use crate::{
    expr::{Expr, Graph, Node},
    number::Number,
    ops::power::POWER,
    print::{self as formulas, Format},
    syntax::{Assumed, Model},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Parts that are longer than so many symbols get a name where they stand twice.
const LONG: u64 = 6;
/// Formulas that are longer than so many symbols are printed by parts even where one text is wanted.
const TOO_LONG: u64 = 400;

/// What a symbol is the norm of the reciprocals of.
pub fn divisor(g: &Graph, s: &Symbol) -> Option<Expr> {
    let Symbol::Norm(_, e) = s else { return None };
    let &[x, p] = g.args_of(*e, &POWER)? else { return None };
    g.as_number(p).is_some_and(Number::is_negative).then_some(x)
}

impl Bounds {
    /// Names for what several formulas share.
    pub fn parts(&self, model: &Model) -> BTreeMap<Formula, String> {
        let roots: Vec<Formula> = self.blocks.iter().map(|b| b.reason.bound).collect();
        self.named_parts(model, &roots)
    }

    /// The same, only where a formula would be very long without.
    pub fn parts_of_long(&self, model: &Model) -> BTreeMap<Formula, String> {
        let book = &self.calculus.book;
        let roots: Vec<Formula> = self.blocks.iter().map(|b| b.reason.bound).filter(|&f| book.length(f) > TOO_LONG).collect();
        self.named_parts(model, &roots)
    }

    fn named_parts(&self, model: &Model, roots: &[Formula]) -> BTreeMap<Formula, String> {
        let book = &self.calculus.book;
        let mut uses: BTreeMap<Formula, usize> = BTreeMap::new();
        let all: BTreeSet<Formula> = roots.iter().flat_map(|&r| book.reachable(r)).collect();
        for &f in &all {
            for x in book.children(f) {
                *uses.entry(x).or_default() += 1;
            }
        }
        for &r in roots {
            *uses.entry(r).or_default() += 1;
        }
        let shared: Vec<Formula> = uses
            .into_iter()
            .filter(|&(f, n)| n > 1 && book.length(f) > LONG && !matches!(book.term(f), Term::Symbol(_)) && !roots.contains(&f))
            .map(|x| x.0)
            .collect();
        let names = formulas::fresh_names(&model.graph, &["c", "k"], shared.len());
        shared.into_iter().zip(names).collect()
    }

    /// The bound of the whole, in the bounds of the blocks.
    pub fn whole_text(&self, model: &Model, format: Format) -> String {
        let mut names = BTreeMap::new();
        for b in &self.blocks {
            names.entry(b.reason.bound).or_insert_with(|| format!("b[{},{}]", b.row, b.col));
        }
        if self.blocks.len() == 1 {
            names.clear();
        }
        print::formula(&self.calculus.book, &model.graph, self.whole, &names, format)
    }

    /// What a bound rests on: the assumptions of the model that it used, and that what it divides by is not zero.
    pub fn assumptions(&self, model: &Model, f: Formula) -> Vec<String> {
        let book = &self.calculus.book;
        let g = &model.graph;
        let symbols = book.symbols(f);
        let mut out = vec![];
        let below: BTreeSet<Expr> = model.loss.map(|l| g.reachable(&[l])).unwrap_or_default().into_iter().collect();
        for a in &model.assumptions {
            let used = match a.says {
                Assumed::Fact(_, e) => below.contains(&e),
                Assumed::Compared(c) => symbols.iter().any(|s| match s {
                    Symbol::Norm(_, e) => *e == c.rhs || *e == c.lhs,
                    _ => false,
                }),
            };
            if used && !out.contains(&a.text) {
                out.push(a.text.clone());
            }
        }
        for s in symbols {
            if let Some(x) = divisor(g, &s) {
                let text = format!("{} has no zero entry", formulas::inline(g, x, Format::Text));
                if !out.contains(&text) {
                    out.push(text);
                }
            }
        }
        out
    }

    /// For each block without a bound, the innermost expression that has none, and the assumption that would give one.
    pub fn missing(&self, model: &Model) -> Vec<String> {
        let c = &self.calculus;
        let gaps: BTreeSet<usize> = self.blocks.iter().filter_map(|b| c.book.gap(b.reason.bound)).collect();
        let mut out = vec![];
        for k in gaps {
            let Some(gap) = c.gaps.get(k) else { continue };
            let text = formulas::inline(&model.graph, gap.expr, Format::Text);
            let why = match model.graph.node(gap.expr) {
                Node::Var(_) => format!("nothing is known of the size of `{text}`"),
                _ => format!("`{text}` is not bounded by norms of what it is made of"),
            };
            out.push(format!("{why}; `assume {}({text}) <= M` would give one", gap.norm.name()));
        }
        out
    }

    /// How a bound came about: a tree of rules, innermost last, each with the bound that it gave.
    pub fn explain(&self, model: &Model, reason: &Rc<Reason>, names: &BTreeMap<Formula, String>, format: Format) -> String {
        let mut out = String::new();
        let mut seen = BTreeSet::new();
        self.step(model, reason, names, format, 1, &mut seen, &mut BTreeSet::new(), &mut out);
        out
    }

    #[allow(clippy::too_many_arguments, reason = "the state of one walk")]
    fn step(
        &self,
        model: &Model,
        reason: &Rc<Reason>,
        names: &BTreeMap<Formula, String>,
        format: Format,
        depth: usize,
        seen: &mut BTreeSet<usize>,
        said: &mut BTreeSet<Expr>,
        out: &mut String,
    ) {
        let g = &model.graph;
        let show = |f: Formula| match names.get(&f) {
            Some(n) => n.clone(),
            None => print::formula(&self.calculus.book, g, f, names, format),
        };
        let node = |e: Expr| formulas::inline(g, e, Format::Text);
        let indent = "  ".repeat(depth.min(20));
        let line = match &reason.rule {
            Rule::Chain(u, _, slope, rule) => format!("chain rule through {}: ‖J‖ <= {} [{rule}]", node(*u), show(*slope)),
            Rule::Curvature(u, _, _, rule) => format!("curvature of {}: <= {} [{rule}]", node(*u), show(reason.bound)),
            Rule::Between(t) => format!(
                "curvature of {} between {} and {}, S = {}: <= {} [‖J' S J‖ ≤ ‖J‖ ‖S‖ ‖J‖]",
                node(t.node),
                node(t.left),
                node(t.right),
                node(t.curvature),
                show(reason.bound)
            ),
            Rule::Sum if reason.from.is_empty() => "zero".to_owned(),
            Rule::Sum => format!("triangle inequality over {} terms", reason.from.len()),
        };
        out.push_str(&format!("{indent}{line}\n"));
        // why the arguments have the norms that the rule speaks of
        if let Rule::Chain(u, ..) | Rule::Curvature(u, ..) = &reason.rule {
            for &a in g.args(*u).iter().filter(|&&a| !g.args(a).is_empty()) {
                if let Some((bound, Some(why))) = self.calculus.derived(a, Norm::Two)
                    && said.insert(a)
                {
                    out.push_str(&format!("{indent}  norm2({}) <= {} [{why}]\n", node(a), show(bound)));
                }
            }
        }
        if !seen.insert(Rc::as_ptr(reason) as usize) && !reason.from.is_empty() {
            out.push_str(&format!("{indent}  as above\n"));
            return;
        }
        for r in &reason.from {
            self.step(model, r, names, format, depth + 1, seen, said, out);
        }
    }
}
