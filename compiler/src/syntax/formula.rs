//! Formulas of the rows and laws: trusted text, read in a given scope.

use super::{
    ast,
    names::{Binding, State, Value},
    parse,
    resolve::Resolver,
};
use crate::{
    diagnostic::Source,
    dim::Dim,
    expr::{Argument, Expr, Graph, Node, Op, Type},
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

/// What names stand for in a row formula.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Matrices.
    pub vars: BTreeMap<String, Expr>,
    /// Sizes; in the place of a matrix a size is a scalar.
    pub sizes: BTreeMap<String, Dim>,
}

thread_local! {
    static PARSED: RefCell<HashMap<String, Rc<ast::Expr>>> = RefCell::default();
}

/// The syntax tree of a trusted formula; each text is read once.
fn parsed(text: &str) -> Rc<ast::Expr> {
    if let Some(e) = PARSED.with_borrow(|p| p.get(text).cloned()) {
        return e;
    }
    let source = [Source { name: "formula".to_owned(), text: text.to_owned() }];
    let e = match parse::expression(text, 0) {
        Ok(e) => Rc::new(e),
        Err(errors) => panic!("the formula `{text}` cannot be read:\n{}", errors[0].render(&source, false)),
    };
    PARSED.with_borrow_mut(|p| p.insert(text.to_owned(), e.clone()));
    e
}

/// Reads a trusted formula (of a row or a law) in a scope. It panics, naming the text, if the formula is malformed,
/// which the tests of the rows would show.
pub fn formula(g: &mut Graph, text: &str, scope: &Scope) -> Expr {
    let e = parsed(text);
    let mut state = State::default();
    for (name, d) in &scope.sizes {
        state.globals.insert(name.clone(), Binding::of(Value::Size(d.clone())));
    }
    for (name, x) in &scope.vars {
        state.globals.insert(name.clone(), Binding::of(Value::Matrix(*x)));
    }
    let mut r = Resolver::new(g, &mut state, &[]);
    r.top(&e).unwrap_or_else(|_| {
        let source = [Source { name: "formula".to_owned(), text: text.to_owned() }];
        let why: Vec<String> = r.errors.iter().map(|e| e.render(&source, false)).collect();
        panic!("the formula `{text}` does not fit its scope:\n{}", why.join("\n"))
    })
}

/// A formula of the row of `op` at its arguments: matrices and numbers are `A, B, C, …`, sizes are called as in the
/// signature, the result is `Y`, a cotangent of the result `D`.
pub fn row(g: &mut Graph, op: &'static Op, args: &[Expr], text: &str, result: Option<Expr>, cotangent: Option<Expr>) -> Expr {
    let mut scope = Scope::default();
    let types: Vec<(Type, bool)> = args.iter().map(|&a| (g.ty(a).clone(), matches!(g.node(a), Node::Number(_)))).collect();
    let sizes = op.check(&types).map(|(_, sizes)| sizes);
    scope.sizes = sizes.unwrap_or_else(|e| panic!("the row of `{}` is asked about arguments that do not fit: {e:?}", op.name));
    let signature = op.parsed();
    let mut letters = 'A'..='Z';
    for (i, &a) in args.iter().enumerate() {
        if !matches!(signature.arguments.get(i), Some(Argument::Size(_)))
            && let Some(letter) = letters.next()
        {
            scope.vars.insert(letter.to_string(), a);
        }
    }
    scope.vars.extend(result.map(|y| ("Y".to_owned(), y)));
    scope.vars.extend(cotangent.map(|d| ("D".to_owned(), d)));
    formula(g, text, &scope)
}
