//! The text of a chain: one loop over the entries of a row for every step, or for several that have the same.

use super::{
    Chain,
    cost::{self, Way},
    hazards::{Hazards, Place, Spread, Touch},
    layout::Access,
    member::{Does, Member},
    storage::{Kept, Storage},
};
use crate::{
    emit::c::{
        library::{self, THREADS},
        reach::{Run, decode},
        size::Size,
        text::{Draft, constant, letter, place, times},
    },
    index::plan::{ArrayId, Plan},
};
use std::fmt::Write;

/// The kernel of a chain.
pub(in crate::emit::c) struct Made {
    pub(in crate::emit::c) draft: Draft,
    /// Its arrays, those that it writes last.
    pub(in crate::emit::c) arrays: Vec<ArrayId>,
    /// Arrays that must be zero before.
    pub(in crate::emit::c) cleared: Vec<ArrayId>,
}

/// Fewest threads of a row where there are so few rows that the device is not full.
const FEW: usize = 32;
/// Terms of a sum that are read at once.
const UNROLLED: usize = 8;
/// Rows that are so few.
const ROWS: usize = 2048;

/// The kernel of a chain; `private` tells of arrays that nothing else touches, `fresh` of those that have no entries yet.
pub(in crate::emit::c) fn draft(
    chain: &Chain,
    plan: &Plan,
    private: &dyn Fn(ArrayId) -> bool,
    fresh: &dyn Fn(ArrayId) -> bool,
) -> Made {
    let rows: usize = chain.rows.iter().product();
    let wide = chain.members.iter().map(cost::lanes).max().unwrap_or(1);
    let least = match rows {
        1 => THREADS,
        n if n <= ROWS => FEW,
        _ => 1,
    };
    let lanes = wide.max(least);
    let at_once = THREADS / lanes;
    let storage = Storage::new(chain, plan, at_once, private, fresh);
    let mut t = Text {
        chain,
        plan,
        storage,
        lanes,
        live: !rows.is_multiple_of(at_once),
        hazards: Hazards::default(),
        open: None,
        scratch: false,
        flagged: false,
        out: String::new(),
    };
    for (k, m) in chain.members.iter().enumerate() {
        for a in t.storage.cleared_before(k) {
            t.clear(a);
        }
        t.member(k, m);
    }
    t.close();
    let (body, flagged, storage) = (t.head(rows, at_once), t.flagged, t.storage);
    let calls: Vec<&str> =
        chain.members.iter().filter_map(|m| if let Does::Rows { name, .. } = &m.does { Some(*name) } else { None }).collect();
    let stem = calls.first().map_or("chain".to_owned(), |c| format!("{c}_chain"));
    let mut notes: Vec<&str> =
        chain.steps().map(|s| plan.steps[s].note.as_str()).filter(|n| !n.is_empty() && n.len() < 40).collect();
    notes.dedup();
    notes.truncate(3);
    let notes = if notes.is_empty() { String::new() } else { format!("   first for `{}`", notes.join("`, `")) };
    let many = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    let says =
        vec![format!("{} in {}, {} a row{notes}", many(chain.members.len(), "step"), many(rows, "row"), many(lanes, "thread"))];
    let (grid, written) = (vec![(Size::Known(rows), at_once)], storage.written());
    let draft = Draft { stem, family: "chain", says, body, threads: THREADS, grid, written, flagged, at_most: vec![] };
    Made { draft, arrays: storage.arrays(), cleared: storage.cleared_outside }
}

struct Text<'a> {
    chain: &'a Chain,
    plan: &'a Plan,
    storage: Storage,
    lanes: usize,
    /// Whether some threads of the last group have no row.
    live: bool,
    hazards: Hazards,
    /// The extents of the loop that is open.
    open: Option<Vec<usize>>,
    scratch: bool,
    flagged: bool,
    out: String,
}

/// Names of the letters that count rows.
fn counted(rows: usize) -> &'static [&'static str] {
    if rows < 2 { &["row"] } else { &["part", "row"] }
}

/// Extents and strides of the letters that the threads divide among them.
fn spread(extents: &[usize], strides: &[usize], offset: usize) -> Spread {
    Some((extents.iter().copied().zip(strides.iter().copied()).collect(), offset))
}

fn runs(extents: &[usize], first: usize) -> Vec<Run> {
    extents.iter().enumerate().map(|(k, &n)| Run::Letter(first + k, Size::Known(n))).collect()
}

impl Text<'_> {
    /// What stands before the steps, then those.
    fn head(&self, rows: usize, at_once: usize) -> String {
        let mut out = format!("({}) {{\n", self.storage.parameters(self.flagged));
        if self.scratch {
            let _ = writeln!(out, "  SHARED real scratch[{THREADS}];");
        }
        for (slot, n) in self.storage.slots.iter().enumerate() {
            let name = if at_once == 1 { format!("S{slot}") } else { format!("all{slot}") };
            let _ = writeln!(out, "  SHARED real {name}[{}];", n * at_once);
        }
        let lanes = self.lanes;
        let own = if at_once == 1 { "GROUP".to_owned() } else { format!("GROUP * {at_once} + THREAD / {lanes}") };
        let lane = if at_once == 1 { "THREAD".to_owned() } else { format!("THREAD % {lanes}") };
        let _ = writeln!(out, "  const int lane = {lane};");
        let index = if self.chain.rows.len() == 2 { "index" } else { "row" };
        if self.live {
            let _ = writeln!(out, "  const int live = {own} < {rows}, {index} = live ? {own} : 0;");
        } else if rows > 1 {
            let _ = writeln!(out, "  const int {index} = {own};");
        }
        if let [_, n] = self.chain.rows[..] {
            let _ = writeln!(out, "  const int part = index / {n}, row = index % {n};");
        }
        for (slot, n) in self.storage.slots.iter().enumerate().filter(|_| at_once > 1) {
            let _ = writeln!(out, "  SHARED_POINTER real* const S{slot} = all{slot} + THREAD / {lanes} * {n};");
        }
        if self.storage.registers > 0 {
            let list: Vec<String> = (0..self.storage.registers).map(|k| format!("R{k}")).collect();
            let _ = writeln!(out, "  real {};", list.join(", "));
        }
        format!("{out}{}}}\n", self.out)
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.out.push_str("  }\n");
        }
    }

    /// A place as `16*row + a`, in the memory where the array is kept.
    fn at(&self, a: &Access, extents: &[usize]) -> (String, String) {
        let (name, own) = match self.storage.kept(a.array) {
            Kept::Register(k) => return (format!("R{k}"), String::new()),
            Kept::Global(name) => (name.clone(), a.clone()),
            Kept::Shared(slot) => {
                let layout = &self.chain.layouts[&a.array];
                let own = layout.inside(&self.chain.rows, self.plan.arrays[a.array], a, extents);
                (format!("S{slot}"), own.expect("a member stays in its row"))
            }
        };
        let rows = own.rows.iter().zip(counted(own.rows.len())).map(|(s, n)| ((*n).to_owned(), Size::Known(*s)));
        let letters = own.letters.iter().enumerate().map(|(l, s)| (letter(l), Size::Known(*s)));
        (name, place(&Size::Known(own.offset), &rows.chain(letters).collect::<Vec<_>>()))
    }

    fn entry(&self, a: &Access, extents: &[usize]) -> String {
        let (name, at) = self.at(a, extents);
        if at.is_empty() { name } else { format!("{name}[{at}]") }
    }

    /// The factors as a product.
    fn factors(&self, m: &Member) -> String {
        let extents = m.extents();
        let parts: Vec<String> = m.factors.iter().map(|f| self.entry(f, &extents)).collect();
        if parts.is_empty() { "(real)1".to_owned() } else { parts.join(" * ") }
    }

    /// `S0[a] = 2 A[row b] B[ba]   (a=3 b=4)`.
    fn says(&self, m: &Member) -> String {
        let show = |a: &Access| {
            let name = match self.storage.kept(a.array) {
                Kept::Register(k) => return format!("R{k}"),
                Kept::Global(name) => name.clone(),
                Kept::Shared(slot) => format!("S{slot}"),
            };
            let rows = a.rows.iter().zip(counted(a.rows.len())).filter(|r| *r.0 > 0).map(|r| (*r.0, (*r.1).to_owned()));
            let letters = a.letters.iter().enumerate().filter(|l| *l.1 > 0).map(|(l, s)| (*s, letter(l)));
            let mut at: Vec<(usize, String)> = rows.chain(letters).collect();
            at.sort_by_key(|x| std::cmp::Reverse(x.0));
            format!("{name}[{}]", at.into_iter().map(|x| x.1).collect::<Vec<_>>().join(" "))
        };
        let (target, parts) = (show(&m.target), m.factors.iter().map(show).collect::<Vec<_>>().join(" "));
        let sizes: Vec<String> = m.extents().iter().enumerate().map(|(l, n)| format!("{}={n}", letter(l))).collect();
        let sizes = if sizes.is_empty() { String::new() } else { format!("   ({})", sizes.join(" ")) };
        match &m.does {
            Does::Sum(c) => {
                let c = if c.as_int() == Some(1) && !m.factors.is_empty() { String::new() } else { format!("{c} ") };
                let sign = if m.set { "=" } else { "+=" };
                format!("{target} {sign} {}{sizes}", format!("{c}{parts}").trim_end())
            }
            Does::Map { name, parameters } => {
                let told: String = parameters.iter().map(|p| format!(", {p}")).collect();
                format!("{target} = {name}({parts}{told}){sizes}")
            }
            Does::Rows { name, n, width } => format!("{target} = {name}({parts}): {n} entries to {width}{sizes}"),
        }
    }

    /// The touches of a member, whose threads divide its entries, or the terms of a sum, among them.
    fn touches(&self, m: &Member, way: Way) -> Vec<Touch> {
        let where_to = |a: &Access| match self.storage.kept(a.array) {
            Kept::Register(_) => None,
            Kept::Shared(slot) => Some(Place::Shared(*slot)),
            Kept::Global(_) if self.chain.layouts.contains_key(&a.array) => Some(Place::Global(a.array)),
            // nothing writes it here
            Kept::Global(_) => None,
        };
        let alone = matches!(self.storage.kept(m.target.array), Kept::Register(_));
        let n = m.outputs.len();
        let read = |a: &Access| {
            let still = a.letters[n..].iter().all(|s| *s == 0);
            match (&m.does, way) {
                (Does::Rows { .. }, _) => None,
                (_, Way::Sums) if n == 0 => spread(&m.inner, &a.letters, a.offset),
                (_, Way::Entries) if still && !alone => spread(&m.outputs, &a.letters[..n], a.offset),
                _ => None,
            }
        };
        let written = match (&m.does, way) {
            (Does::Rows { n: entries, width, .. }, _) if n == 0 && entries == width => spread(&[*width], &[1], 0),
            (Does::Rows { width: 1, .. }, _) if n == 0 => spread(&[], &[], 0),
            (Does::Rows { .. }, _) => None,
            (_, Way::Sums) if n > 0 => None,
            _ => spread(&m.outputs, &m.target.letters[..n], m.target.offset),
        };
        let reads = m.factors.iter().filter_map(|f| Some((where_to(f)?, false, read(f))));
        reads.chain(where_to(&m.target).map(|p| (p, true, written))).collect()
    }

    /// A line between the steps, if threads must wait.
    fn wait(&mut self, touches: &[Touch]) {
        if let Some(line) = self.hazards.before(touches) {
            self.close();
            let _ = writeln!(self.out, "  {line}");
        }
    }

    /// Sets the part of a row to zero.
    fn clear(&mut self, a: ArrayId) {
        self.close();
        let (own, n) = (self.storage.own[&a], self.plan.arrays[a]);
        let touch = |place| vec![(place, true, spread(&[own], &[1], 0))];
        let lanes = self.lanes;
        match self.storage.kept(a).clone() {
            Kept::Register(k) => {
                let _ = writeln!(self.out, "  R{k} = 0;");
            }
            Kept::Shared(slot) => {
                self.wait(&touch(Place::Shared(slot)));
                let _ = writeln!(self.out, "  for (int entry = lane; entry < {own}; entry += {lanes}) S{slot}[entry] = 0;");
            }
            Kept::Global(name) => {
                self.wait(&touch(Place::Global(a)));
                let unit = self.chain.layouts[&a].0.first().copied().unwrap_or(0);
                let moves = [("row".to_owned(), Size::Known(unit)), ("entry".to_owned(), Size::Known(1))];
                let at = place(&Size::Known(0), &moves);
                let rows: usize = self.chain.rows.iter().product();
                let ends = if own * rows == n { String::new() } else { format!(" && {at} < {n}") };
                let live = if self.live { " && live" } else { "" };
                let _ =
                    writeln!(self.out, "  for (int entry = lane; entry < {own}{ends}{live}; entry += {lanes}) {name}[{at}] = 0;");
            }
        }
    }

    fn member(&mut self, k: usize, m: &Member) {
        let alone = matches!(self.storage.kept(m.target.array), Kept::Register(_));
        let way = cost::way(m.size(), self.lanes).0;
        let touches = self.touches(m, way);
        self.wait(&touches);
        let says = self.says(m);
        match &m.does {
            Does::Rows { name, n, .. } => {
                self.close();
                let _ = writeln!(self.out, "  // {says}");
                self.rows(m, name, *n);
            }
            _ if alone || way == Way::Sums => {
                self.close();
                let _ = writeln!(self.out, "  // {says}");
                if way == Way::Sums { self.sums(k, m) } else { self.value(k, m, "  ") }
            }
            _ => {
                if self.open.as_ref() != Some(&m.outputs) {
                    self.close();
                    let n: usize = m.outputs.iter().product();
                    let (head, from) = match n {
                        1 => ("if (lane == 0) {".to_owned(), "lane"),
                        n if n <= self.lanes => (format!("if (lane < {n}) {{"), "lane"),
                        n => (format!("for (int entry = lane; entry < {n}; entry += {}) {{", self.lanes), "entry"),
                    };
                    let _ = writeln!(self.out, "  {head}");
                    self.out.push_str(&decode(&runs(&m.outputs, 0), from, "    "));
                    self.open = Some(m.outputs.clone());
                }
                let _ = writeln!(self.out, "    // {says}");
                self.value(k, m, "    ");
            }
        }
    }

    /// Writes or adds a value.
    fn written(&self, m: &Member, value: &str, only: &str) -> String {
        let sign = if m.set { "=" } else { "+=" };
        let global = matches!(self.storage.kept(m.target.array), Kept::Global(_));
        let live = if self.live && global { "live" } else { "" };
        let when: Vec<&str> = [only, live].into_iter().filter(|w| !w.is_empty()).collect();
        let when = if when.is_empty() { String::new() } else { format!("if ({}) ", when.join(" && ")) };
        format!("{when}{} {sign} {value};", self.entry(&m.target, &m.extents()))
    }

    /// One entry by one thread.
    fn value(&mut self, k: usize, m: &Member, indent: &str) {
        let factors = self.factors(m);
        match &m.does {
            Does::Sum(c) if m.inner.is_empty() => {
                let line = self.written(m, &times(*c, &factors), "");
                let _ = writeln!(self.out, "{indent}{line}");
            }
            Does::Sum(c) => {
                let _ = writeln!(self.out, "{indent}real sum{k} = 0;");
                let mut deep = indent.to_owned();
                for (j, n) in m.inner.iter().enumerate() {
                    let l = letter(m.outputs.len() + j);
                    // a long loop that is unrolled as a whole takes all registers
                    if j + 1 == m.inner.len() && *n > UNROLLED {
                        let _ = writeln!(self.out, "{deep}#pragma unroll {UNROLLED}");
                    }
                    let _ = writeln!(self.out, "{deep}for (int {l} = 0; {l} < {n}; {l}++)");
                    deep.push_str("  ");
                }
                let line = self.written(m, &times(*c, &format!("sum{k}")), "");
                let _ = writeln!(self.out, "{deep}sum{k} += {factors};\n{indent}{line}");
            }
            Does::Map { name, parameters } => {
                self.flagged = true;
                let further: String = parameters.iter().map(|p| format!(", {}", constant(*p))).collect();
                let line = self.written(m, &format!("y{k}"), "");
                // a row that is not there has whatever stood in its place
                let live = if self.live { "live && " } else { "" };
                let _ = writeln!(
                    self.out,
                    "{indent}const real x{k} = {factors}, y{k} = map_{name}(x{k}{further});\n\
                     {indent}if ({live}undefined(x{k}, y{k})) *flag = 1;\n{indent}{line}"
                );
            }
            Does::Rows { .. } => {}
        }
    }

    /// Entries one after the other, each summed by all threads of the row.
    fn sums(&mut self, k: usize, m: &Member) {
        let Does::Sum(coefficient) = m.does else { return };
        self.scratch = true;
        let (lanes, [entries, terms]) = (self.lanes, m.size());
        let alone = matches!(self.storage.kept(m.target.array), Kept::Register(_));
        let many = entries > 1;
        let indent = if many { "    " } else { "  " };
        let (letters, inner) = (decode(&runs(&m.outputs, 0), "entry", indent), runs(&m.inner, m.outputs.len()));
        let inner = decode(&inner, "inner", &format!("{indent}  "));
        let (factors, value) = (self.factors(m), times(coefficient, &format!("sum{k}")));
        let line = self.written(m, &value, if alone { "" } else { "lane == 0" });
        let out = &mut self.out;
        if many {
            let _ = writeln!(out, "  for (int entry = 0; entry < {entries}; entry++) {{");
        }
        let _ = writeln!(out, "{letters}{indent}real sum{k} = 0;");
        let _ = writeln!(out, "{indent}for (int inner = lane; inner < {terms}; inner += {lanes}) {{");
        let _ = writeln!(out, "{inner}{indent}  sum{k} += {factors};\n{indent}}}");
        let _ = writeln!(out, "{indent}sum{k} = lanes_sum(sum{k}, {lanes}, scratch);\n{indent}{line}");
        if many {
            out.push_str("  }\n");
        }
    }

    /// A function of rows.
    fn rows(&mut self, m: &Member, name: &str, n: usize) {
        (self.scratch, self.flagged) = (true, true);
        let extents = m.extents();
        let shared = |a: &Access| matches!(self.storage.kept(a.array), Kept::Shared(_));
        let function = library::row_function(name, shared(&m.factors[0]), shared(&m.target));
        let pointer = |a: &Access| {
            let (name, at) = self.at(a, &extents);
            if at == "0" { name } else { format!("{name} + {at}") }
        };
        let (from, to) = (pointer(&m.factors[0]), pointer(&m.target));
        let live = if self.live { "live" } else { "1" };
        let each = m.outputs.first().map_or(String::new(), |count| format!("for (int a = 0; a < {count}; a++)\n    "));
        let _ =
            writeln!(self.out, "  {each}if ({function}({from}, {to}, {n}, {live}, lane, {}, scratch)) *flag = 1;", self.lanes);
    }
}
