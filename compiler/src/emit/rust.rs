//! Rust: a function of nalgebra matrices, generic over `f32` and `f64`; its numerics are those of `hesse::private`.

use super::{
    EmitError, Function, Results, Typical,
    layout::Layout,
    names::{Names, identifier},
    plan::{self, Operand, Place, Product},
    sizes::{Extent, Reading, Sizes, readings},
};
use crate::{
    dim::Dim,
    index::{Letter, Program, Source, Statement, Step, TensorId},
    number::Number,
};
use std::collections::{BTreeMap, BTreeSet};

/// Helpers of every function; the functions of the rows come by their own names.
const HELPERS: &[&str] = &["Memory", "at_size", "check", "memory", "size", "solve", "whole", "within"];

/// The names of the crate's module that a text of functions uses, for `use` and for tests.
pub fn imports(functions: &[Function]) -> BTreeSet<&'static str> {
    let called = functions.iter().flat_map(|f| &f.program.statements).filter_map(|s| match &s.step {
        Step::Map { name, .. } | Step::Call { name, .. } => Some(*name),
        _ => None,
    });
    called.chain(HELPERS.iter().copied()).collect()
}

/// One function, with its documentation.
///
/// Errors: [`EmitError`].
pub fn function(f: &Function, typical: &Typical) -> Result<String, EmitError> {
    let live = live(&f.program);
    let mut needed = BTreeSet::new();
    let mut need = |d: &Dim| needed.extend(d.names().map(str::to_owned));
    f.program.tensors.iter().flat_map(|t| &t.shape).for_each(&mut need);
    for s in &f.program.statements {
        if let Step::Contract { extents, .. } = &s.step {
            extents.iter().for_each(|e| need(&e.1));
        }
    }
    let steps = readings(&f.arguments, &needed)?;
    let mut w = Writer::new(f, typical, &steps);
    // the body first: it tells which sizes are used
    w.body(&live);
    w.returned();
    let body = std::mem::take(&mut w.out).finish();
    let mut head = Layout::default();
    w.header(&mut head);
    w.read(&mut head, &steps);
    w.sizes.write(&mut head);
    if body.contains("memory.") {
        head.line("let mut memory = Memory::<R>::default();");
    }
    Ok(format!("{}{body}}}\n", head.finish()))
}

/// A module of functions, under a page of documentation; `krate` is the path of the crate, as `::hesse`.
///
/// Errors: [`EmitError`].
pub fn module(page: &[String], functions: &[Function], typical: &Typical, krate: &str) -> Result<String, EmitError> {
    let mut out = Layout::default();
    for line in page {
        out.line(format!("//! {line}").trim_end());
    }
    out.line("");
    out.line("#![allow(non_snake_case, unreachable_pub, clippy::all)]");
    out.line("");
    let mut text = out.finish();
    let bodies = functions.iter().map(|f| function(f, typical)).collect::<Result<Vec<_>, _>>()?;
    text.push_str(&uses(functions, &bodies.concat(), krate));
    for body in bodies {
        text.push('\n');
        text.push_str(&body);
    }
    Ok(text)
}

/// The `use` of what the text of these functions calls.
pub fn uses(functions: &[Function], text: &str, krate: &str) -> String {
    let code: String = text.lines().filter(|l| !l.trim_start().starts_with("//")).flat_map(|l| [l, "\n"]).collect();
    let words: BTreeSet<&str> = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let names: Vec<&str> = imports(functions).into_iter().filter(|n| words.contains(n) && *n != "memory").collect();
    let mut out = Layout::default();
    let blocks = if text.contains("BlockHessian") { "BlockHessian, " } else { "" };
    out.line(&format!("use {krate}::nalgebra::DMatrix;"));
    list(&mut out, &format!("use {krate}::private::"), &names);
    out.line(&format!("use {krate}::{{{blocks}Error, Real}};"));
    out.finish()
}

/// `use path::{a, b};`, filled up to the width of a line.
fn list(out: &mut Layout, head: &str, names: &[&str]) {
    let line = match names {
        [one] => format!("{head}{one};"),
        _ => format!("{head}{{{}}};", names.join(", ")),
    };
    if out.fits(&line) {
        return out.line(&line);
    }
    out.open(&format!("{head}{{"));
    let mut row = String::new();
    for n in names {
        if !row.is_empty() && !out.fits(&format!("{row} {n},")) {
            out.line(&row);
            row.clear();
        }
        if !row.is_empty() {
            row.push(' ');
        }
        row.push_str(&format!("{n},"));
    }
    out.line(&row);
    out.close("};");
}

/// Which statements lead to a result.
pub(super) fn live(p: &Program) -> Vec<bool> {
    let mut wanted: BTreeSet<TensorId> = p.outputs.iter().copied().collect();
    let mut out = vec![false; p.statements.len()];
    for (k, s) in p.statements.iter().enumerate().rev() {
        out[k] = match s.step.target() {
            Some(t) => wanted.contains(&t),
            None => matches!(s.step, Step::Within { .. }),
        };
        if out[k] {
            wanted.extend(s.step.reads());
        }
    }
    out
}

struct Writer<'f> {
    f: &'f Function,
    typical: &'f Typical,
    out: Layout,
    names: Names,
    sizes: Sizes,
    /// Rust names of the arguments.
    arguments: Vec<String>,
    /// Rust names of the places that exist so far.
    places: BTreeMap<Place, String>,
    /// What was computed in between, so that it is computed once.
    made: BTreeMap<String, Place>,
    between: usize,
    numbered: usize,
}

impl<'f> Writer<'f> {
    fn new(f: &'f Function, typical: &'f Typical, steps: &[Reading]) -> Writer<'f> {
        let mut names = Names(imports(std::slice::from_ref(f)).into_iter().map(str::to_owned).collect());
        let arguments: Vec<String> = f.arguments.iter().map(|a| names.fresh(&identifier(&a.name))).collect();
        let known = steps.iter().filter_map(|s| match s {
            Reading::Equal(name, _) | Reading::Solved { name, .. } => Some(name),
            Reading::Checked(_) => None,
        });
        let sizes = Sizes::new(known.map(|n| (n.clone(), names.fresh(&identifier(n)))).collect());
        let places = BTreeMap::new();
        Writer {
            f,
            typical,
            out: Layout::inside(),
            names,
            sizes,
            arguments,
            places,
            made: BTreeMap::new(),
            between: 0,
            numbered: 0,
        }
    }

    fn size(&mut self, d: &Dim) -> String {
        let names = &mut self.names;
        self.sizes.text(d, &mut |wanted| names.fresh(wanted))
    }

    /// The documentation and the first line.
    fn header(&mut self, out: &mut Layout) {
        for line in &self.f.formula {
            out.line(format!("/// {line}").trim_end());
        }
        let shapes: Vec<String> =
            self.f.arguments.iter().map(|a| format!("`{}: {}×{}`", a.name, a.shape[0], a.shape[1])).collect();
        if !self.f.formula.is_empty() {
            out.line("///");
        }
        out.comment("///", &format!("Shapes: {}; {}.", shapes.join(", "), self.shapes_of_results()));
        out.line("///");
        out.comment("///", "Errors: sizes that disagree; values outside the domain of an operation.");
        let name = &self.f.name;
        let arguments: Vec<String> = self.arguments.iter().map(|a| format!("{a}: &DMatrix<R>")).collect();
        let result = match &self.f.results {
            Results::One if self.is_number(self.f.program.outputs[0]) => "R".to_owned(),
            Results::One => "DMatrix<R>".to_owned(),
            Results::Many(labels) => format!("[DMatrix<R>; {}]", labels.len()),
            Results::Symmetric(_) => "BlockHessian<R>".to_owned(),
        };
        let line = format!("pub fn {name}<R: Real>({}) -> Result<{result}, Error> {{", arguments.join(", "));
        if out.fits(&line) {
            return out.open(&line);
        }
        out.open(&format!("pub fn {name}<R: Real>("));
        arguments.iter().for_each(|a| out.line(&format!("{a},")));
        out.reopen(&format!(") -> Result<{result}, Error> {{"));
    }

    fn shapes_of_results(&self) -> String {
        let shape = |t: &TensorId| {
            let s = &self.f.program.tensors[t.0].shape;
            format!("{}×{}", s[0], s[1])
        };
        match &self.f.results {
            Results::One => format!("the result is {}", shape(&self.f.program.outputs[0])),
            Results::Many(labels) => {
                let all: Vec<String> =
                    labels.iter().zip(&self.f.program.outputs).map(|(l, t)| format!("`{l}: {}`", shape(t))).collect();
                format!("the results are {}", all.join(", "))
            }
            Results::Symmetric(names) => format!("the result has the blocks of {}", names.join(", ")),
        }
    }

    fn is_number(&self, t: TensorId) -> bool {
        self.f.program.tensors[t.0].shape.iter().all(Dim::is_one)
    }

    /// Reads the sizes off the arguments, and checks them.
    fn read(&mut self, out: &mut Layout, steps: &[Reading]) {
        let extent = |e: &Extent, arguments: &[String]| {
            format!("{}.{}()", arguments[e.argument], if e.by_rows { "nrows" } else { "ncols" })
        };
        let arguments = self.arguments.clone();
        // what the sizes themselves need
        for s in steps {
            if let Reading::Solved { slope, offset, .. } = s {
                self.sizes.signed(slope);
                self.sizes.signed(offset);
            }
            if let Reading::Checked(e) = s {
                self.sizes.signed(&e.size);
            }
        }
        for s in &self.f.program.statements {
            if let Step::Within { low, value, high, .. } = &s.step {
                for d in [low, value, high] {
                    self.sizes.signed(d);
                }
            }
        }
        for s in steps {
            let binding = |name: &String, sizes: &Sizes| {
                if sizes.used.contains(name) { format!("let {} = ", sizes.names[name]) } else { String::new() }
            };
            match s {
                Reading::Equal(name, extents) => {
                    let head = format!("{}size", binding(name, &self.sizes));
                    let all: Vec<String> =
                        extents.iter().map(|e| format!("({:?}, {})", e.place, extent(e, &arguments))).collect();
                    let line = format!("{head}({name:?}, &[{}])?;", all.join(", "));
                    if line.chars().count() + 4 <= 100 && line.len() - head.len() <= 64 {
                        out.line(&line);
                    } else {
                        out.open(&format!("{head}("));
                        out.line(&format!("{name:?},"));
                        out.list("&", &all, ",");
                        out.close(")?;");
                    }
                }
                Reading::Solved { name, extent: e, slope, offset } => {
                    let ((slope, over), (offset, under)) = (self.sizes.signed(slope), self.sizes.signed(offset));
                    let scaled = |text: String, by: i64| if by == 1 { text } else { format!("({text}) * {by}") };
                    let arguments = [
                        format!("{name:?}"),
                        format!("({:?}, {})", e.place, extent(e, &arguments)),
                        format!("[{}, {}]", scaled(slope, under), scaled(offset, over)),
                        format!("{}", over * under),
                    ];
                    out.call(&format!("{}solve", binding(name, &self.sizes)), &arguments, "?;");
                }
                Reading::Checked(e) => {
                    let (value, denominator) = self.sizes.signed(&e.size);
                    let arguments = [
                        format!("{:?}", e.size.to_string()),
                        format!("({:?}, {})", e.place, extent(e, &arguments)),
                        value,
                        denominator.to_string(),
                    ];
                    out.call("check", &arguments, "?;");
                }
            }
        }
        for s in &self.f.program.statements {
            if let Step::Within { what, low, value, high } = &s.step {
                let named = if value.as_constant().is_some() { String::new() } else { format!("{value} = ") };
                let mut arguments = vec![format!("{what:?}"), format!("{named:?}")];
                for d in [low, value, high] {
                    let (text, denominator) = self.sizes.signed(d);
                    arguments.push(format!("({text}, {denominator})"));
                }
                out.call("within", &arguments, "?;");
            }
        }
    }

    fn body(&mut self, live: &[bool]) {
        let program = &self.f.program;
        for (s, _) in program.statements.iter().zip(live).filter(|(_, live)| **live) {
            self.statement(s);
        }
    }

    fn statement(&mut self, s: &Statement) {
        let in_front =
            |t: &TensorId| matches!((&s.step, &self.f.program.tensors[t.0].source), (Step::Contract { .. }, Source::Number(_)));
        let read: Vec<TensorId> = s.step.reads().into_iter().filter(|t| !in_front(t)).collect();
        for t in read {
            self.exist(t, "");
        }
        match &s.step {
            Step::Watch { .. } | Step::Within { .. } => {}
            Step::Map { name, parameters, argument, target, .. } => {
                let a = self.places[&Place::Tensor(*argument)].clone();
                let f = match parameters.as_slice() {
                    [] => (*name).to_owned(),
                    ps => {
                        let ps: Vec<String> = ps.iter().map(|p| literal(*p)).collect();
                        format!("|x| {name}(x, {})", ps.join(", "))
                    }
                };
                let t = self.named(*target, &s.note);
                self.out.call(&format!("let {t} = memory.map"), &[format!("{name:?}"), a, f], "?;");
            }
            Step::Call { name, arguments, sizes, target, .. } => {
                let mut all = vec![(*name).to_owned()];
                for a in arguments {
                    let shape = self.f.program.tensors[a.0].shape.clone();
                    let (m, n) = (self.size(&shape[0]), self.size(&shape[1]));
                    all.push(self.places[&Place::Tensor(*a)].clone());
                    all.push(format!("[{m}, {n}]"));
                }
                for d in sizes {
                    all.push(self.size(d));
                }
                let t = self.named(*target, &s.note);
                self.out.call(&format!("let {t} = memory.call"), &all, "?;");
            }
            Step::Contract { coefficient, factors, target, extents } => {
                self.exist(target.tensor, &s.note);
                let extents: BTreeMap<Letter, Dim> = extents.iter().cloned().collect();
                // numbers among the factors belong in front
                let (mut coefficient, mut tensors) = (*coefficient, vec![]);
                for f in factors {
                    match &self.f.program.tensors[f.tensor.0].source {
                        Source::Number(n) => coefficient = coefficient * *n,
                        _ => tensors.push(f.clone()),
                    }
                }
                for p in plan::plan(coefficient, &tensors, target, &extents, self.typical, &mut self.between) {
                    if let Some(shape) = &p.made {
                        let known = self.made.entry(p.key(&extents)).or_insert(p.target.place);
                        if *known != p.target.place {
                            let name = self.places[known].clone();
                            self.places.insert(p.target.place, name);
                            continue;
                        }
                        let t = self.number();
                        let n = self.size(&product(shape));
                        self.out.line(&format!("let {t} = memory.zeros({n});"));
                        self.places.insert(p.target.place, t);
                    }
                    self.product(&p, &extents);
                }
            }
        }
    }

    /// A new name of a tensor: of the node that it is, or a number.
    fn named(&mut self, t: TensorId, note: &str) -> String {
        let is_name = note.starts_with(|c: char| c.is_ascii_uppercase() || !c.is_ascii()) || note.chars().count() == 1;
        let wanted = identifier(note);
        let name = if is_name && !self.names.0.contains(&wanted) { self.names.fresh(&wanted) } else { self.number() };
        self.places.insert(Place::Tensor(t), name.clone());
        name
    }

    fn number(&mut self) -> String {
        self.numbered += 1;
        let n = self.numbered;
        self.names.fresh(&format!("t{n}"))
    }

    /// Makes a tensor exist: data in row order, a number, or zeros to add to.
    fn exist(&mut self, t: TensorId, note: &str) {
        if self.places.contains_key(&Place::Tensor(t)) {
            return;
        }
        let tensor = &self.f.program.tensors[t.0];
        match &tensor.source {
            Source::Input(name) => {
                let at = self.f.arguments.iter().position(|a| a.name == *name).expect("all arrays are arguments");
                let name = self.arguments[at].clone();
                self.out.line(&format!("let {name} = memory.read({name});"));
                self.places.insert(Place::Tensor(t), name);
            }
            Source::Number(n) => {
                let name = self.number();
                self.out.line(&format!("let {name} = memory.keep(vec![{}]);", value(*n)));
                self.places.insert(Place::Tensor(t), name);
            }
            Source::Computed => {
                let n = self.size(&product(&tensor.shape));
                let name = self.named(t, note);
                self.out.line(&format!("let {name} = memory.zeros({n});"));
            }
        }
    }

    /// `offset + i * stride + …`.
    fn offset(&mut self, o: &Operand, letters: &[(Letter, String)]) -> String {
        let mut parts = vec![];
        for (l, name) in letters {
            match o.strides.get(l) {
                Some(s) if s.is_one() => parts.push(name.clone()),
                Some(s) => {
                    let s = self.size(s);
                    parts.push(if s.contains(" + ") { format!("{name} * ({s})") } else { format!("{name} * {s}") });
                }
                _ => {}
            }
        }
        if o.offset != Dim::default() {
            parts.push(self.size(&o.offset));
        }
        parts.join(" + ")
    }

    /// Names of letters, none of which hides another name.
    fn letters(&self, order: &[Letter]) -> Vec<(Letter, String)> {
        let single = "ijklpqrsuvw".chars().map(String::from);
        let more = (1..).map(|n| format!("i{n}"));
        let free = single.chain(more).filter(|n| !self.names.0.contains(n));
        order.iter().copied().zip(free).collect()
    }

    /// Writes `target += coefficient Σ Π factors` as matrix products or loops.
    fn product(&mut self, p: &Product, extents: &BTreeMap<Letter, Dim>) {
        let moves = |o: &Operand, l: &Letter| o.strides.contains_key(l);
        let all: BTreeSet<Letter> = p.factors.iter().chain([&p.target]).flat_map(|o| o.strides.keys().copied()).collect();
        let stride = |o: &Operand, l: &Letter| o.strides.get(l).map_or(0.0, |s| self.typical.extent(s));
        // letters of the target by its strides, then those that are summed
        let mut order: Vec<Letter> = all.into_iter().collect();
        order.sort_by(|x, y| {
            let key = |l: &Letter| {
                let first = p.factors.first().map_or(0.0, |f| stride(f, l));
                (stride(&p.target, l), first)
            };
            let (kx, ky) = (key(x), key(y));
            ky.partial_cmp(&kx).expect("strides are finite").then(x.cmp(y))
        });
        let (kept, summed): (Vec<Letter>, Vec<Letter>) = order.into_iter().partition(|l| moves(&p.target, l));
        let letters = self.letters(&kept.iter().chain(&summed).copied().collect::<Vec<_>>());
        self.describe(p, &letters);
        let scale = self.scale(p);
        if let [a, b] = p.factors.as_slice() {
            let of = |x: bool, y: bool, z: bool| {
                let fits = |l: &&Letter| (moves(a, l), moves(b, l), moves(&p.target, l)) == (x, y, z);
                kept.iter().chain(&summed).filter(fits).copied().collect::<Vec<Letter>>()
            };
            let rows = self.chain(&of(true, false, true), &p.target, a, extents);
            let cols = self.chain(&of(false, true, true), &p.target, b, extents);
            let inner = self.chain(&of(true, true, false), a, b, extents);
            if !rows.is_empty() && !cols.is_empty() && !inner.is_empty() {
                return self.gemm(p, [&rows, &inner, &cols], &letters, extents, scale);
            }
        }
        let extents: Vec<String> = letters.iter().map(|(l, _)| self.size(&extents[l])).collect();
        let target = self.operand(&p.target, &[], &letters);
        let factors: Vec<String> = p.factors.iter().map(|f| self.operand(f, &[], &letters)).collect();
        let arguments = [scale, format!("[{}]", extents.join(", ")), target, format!("[{}]", factors.join(", "))];
        self.out.call("memory.contract", &arguments, ";");
    }

    /// `(X.at(offset), [strides])`: the entries of a factor, and how the letters move in them.
    fn operand(&mut self, o: &Operand, outer: &[(Letter, String)], along: &[(Letter, String)]) -> String {
        let at = self.offset(o, outer);
        let strides: Vec<String> =
            along.iter().map(|(l, _)| o.strides.get(l).cloned().unwrap_or_default()).map(|s| self.size(&s)).collect();
        let place = &self.places[&o.place];
        let place = if at.is_empty() { place.clone() } else { format!("{place}.at({at})") };
        format!("({place}, [{}])", strides.join(", "))
    }

    /// `// F[i j] += 2 X[i k] W[k j]`.
    fn describe(&mut self, p: &Product, letters: &[(Letter, String)]) {
        let show = |o: &Operand| {
            let mut at: Vec<(&Dim, &str)> = letters.iter().filter_map(|(l, n)| Some((o.strides.get(l)?, n.as_str()))).collect();
            at.sort_by(|x, y| {
                let (x, y) = (self.typical.extent(x.0), self.typical.extent(y.0));
                y.partial_cmp(&x).expect("strides are finite")
            });
            let at: Vec<&str> = at.into_iter().map(|x| x.1).collect();
            format!("{}[{}]", self.places[&o.place], at.join(","))
        };
        let factors: Vec<String> = p.factors.iter().map(show).collect();
        let coefficient = if p.coefficient.is_one() { String::new() } else { format!("{} ", p.coefficient.to_f64()) };
        let counts: String = p.counts.iter().map(|d| format!("({d}) ")).collect();
        let line = format!("{} += {coefficient}{counts}{}", show(&p.target), factors.join(" "));
        self.out.comment("//", &line);
    }

    /// The factor in front.
    fn scale(&mut self, p: &Product) -> String {
        if p.counts.is_empty() {
            return value(p.coefficient);
        }
        let counts: Vec<String> = p.counts.iter().map(|d| self.size(d)).collect();
        format!("at_size::<R>({}, {})", literal(p.coefficient), counts.join(" * "))
    }

    /// Letters of one side that move as one, slowest first: the longest such run.
    fn chain(&self, letters: &[Letter], x: &Operand, y: &Operand, extents: &BTreeMap<Letter, Dim>) -> Vec<Letter> {
        let mut sorted = letters.to_vec();
        let key = |l: &Letter| self.typical.extent(&x.strides[l]);
        sorted.sort_by(|a, b| key(b).partial_cmp(&key(a)).expect("strides are finite"));
        let mut runs: Vec<Vec<Letter>> = vec![];
        for l in sorted {
            let joins = |last: &Letter| {
                let joined = |o: &Operand| o.strides[last] == &o.strides[&l] * &extents[&l];
                joined(x) && joined(y)
            };
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(joins) => run.push(l),
                _ => runs.push(vec![l]),
            }
        }
        let size = |run: &Vec<Letter>| run.iter().map(|l| self.typical.extent(&extents[l])).product::<f64>();
        runs.into_iter().fold(vec![], |best, run| if best.is_empty() || size(&run) > size(&best) { run } else { best })
    }

    /// Matrix products in loops over the letters that are in none of the three groups.
    fn gemm(
        &mut self,
        p: &Product,
        groups: [&[Letter]; 3],
        letters: &[(Letter, String)],
        extents: &BTreeMap<Letter, Dim>,
        scale: String,
    ) {
        let [rows, inner, cols] = groups;
        let outer: Vec<(Letter, String)> =
            letters.iter().filter(|(l, _)| groups.iter().all(|g| !g.contains(l))).cloned().collect();
        for (l, name) in &outer {
            let n = self.size(&extents[l]);
            self.out.open(&format!("for {name} in 0..{n} {{"));
        }
        let sizes: Vec<String> = groups
            .iter()
            .map(|g| {
                let all: Vec<Dim> = g.iter().map(|l| extents[l].clone()).collect();
                self.size(&product(&all))
            })
            .collect();
        let along = |x: &[Letter], y: &[Letter]| -> Vec<(Letter, String)> {
            [x, y].map(|g| (*g.last().expect("no group is empty"), String::new())).to_vec()
        };
        let arguments = [
            scale,
            self.operand(&p.factors[0], &outer, &along(rows, inner)),
            self.operand(&p.factors[1], &outer, &along(inner, cols)),
            self.operand(&p.target, &outer, &along(rows, cols)),
            format!("[{}]", sizes.join(", ")),
        ];
        self.out.call("memory.gemm", &arguments, ";");
        outer.iter().for_each(|_| self.out.close("}"));
    }

    /// The last expression.
    fn returned(&mut self) {
        let outputs = self.f.program.outputs.clone();
        outputs.iter().for_each(|&t| self.exist(t, ""));
        let mut texts = vec![];
        for t in &outputs {
            let shape = self.f.program.tensors[t.0].shape.clone();
            let (m, n) = (self.size(&shape[0]), self.size(&shape[1]));
            texts.push(format!("memory.matrix({}, {m}, {n})", self.places[&Place::Tensor(*t)]));
        }
        match &self.f.results {
            Results::One if self.is_number(outputs[0]) => {
                let t = self.places[&Place::Tensor(outputs[0])].clone();
                self.out.line(&format!("Ok(memory.number({t}))"));
            }
            Results::One => self.out.line(&format!("Ok({})", texts[0])),
            Results::Many(_) => {
                let line = format!("Ok([{}])", texts.join(", "));
                if line.len() <= 64 {
                    return self.out.line(&line);
                }
                self.out.open("Ok([");
                texts.iter().for_each(|t| self.out.line(&format!("{t},")));
                self.out.close("])");
            }
            Results::Symmetric(names) => {
                let mut parts = vec![];
                for name in names {
                    let a = self.f.arguments.iter().find(|a| a.name == *name).expect("parameters are arguments").clone();
                    parts.push(format!("({name:?}, {})", self.size(&product(&a.shape))));
                }
                self.out.line("let mut blocks = Vec::new();");
                texts.iter().for_each(|t| self.out.line(&format!("blocks.push({t});")));
                let list = format!("&[{}]", parts.join(", "));
                let line = format!("Ok(BlockHessian::new({list}, blocks))");
                if line.len() <= 64 {
                    return self.out.line(&line);
                }
                self.out.list("let parts = ", &parts, ";");
                self.out.line("Ok(BlockHessian::new(&parts, blocks))");
            }
        }
    }
}

fn product(shape: &[Dim]) -> Dim {
    shape.iter().fold(Dim::constant(1), |a, b| &a * b)
}

/// A number as a literal of type `f64`.
pub(super) fn literal(n: Number) -> String {
    match n {
        Number::Ratio(a, b) if b != 1 => format!("{a}.0 / {b}.0"),
        _ => match n.to_f64() {
            x if x.is_finite() => format!("{x:?}"),
            x if x.is_nan() => "f64::NAN".to_owned(),
            x if x > 0.0 => "f64::INFINITY".to_owned(),
            _ => "f64::NEG_INFINITY".to_owned(),
        },
    }
}

/// A number of the type computed in.
fn value(n: Number) -> String {
    format!("R::of({})", literal(n))
}
