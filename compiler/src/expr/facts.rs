//! `Facts`: what is known of a node; facts are only ever added, and absence means nothing.

use std::fmt;

/// One thing that can be known of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Fact {
    /// Equal to its transpose.
    Symmetric = 1,
    /// Square with an inverse.
    Invertible = 2,
    /// Symmetric positive definite.
    PosDef = 4,
    /// Its transpose is its inverse.
    Orthogonal = 8,
    /// Every entry is above zero.
    Positive = 16,
    /// Every entry is at least zero.
    NonNegative = 32,
    /// Zero off the diagonal.
    Diagonal = 64,
    /// The entries of every row sum to one.
    RowStochastic = 128,
}

impl Fact {
    /// All facts with their names in the language.
    pub const ALL: [(Fact, &'static str); 8] = [
        (Fact::Symmetric, "symmetric"),
        (Fact::Invertible, "invertible"),
        (Fact::PosDef, "posdef"),
        (Fact::Orthogonal, "orthogonal"),
        (Fact::Positive, "positive"),
        (Fact::NonNegative, "nonnegative"),
        (Fact::Diagonal, "diagonal"),
        (Fact::RowStochastic, "rowstochastic"),
    ];

    /// The fact of that name.
    pub fn parse(name: &str) -> Option<Fact> {
        Fact::ALL.iter().find(|(_, n)| *n == name).map(|(f, _)| *f)
    }
}

/// A set of facts, closed under what follows from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts(u16);

impl Facts {
    /// Whether it is known.
    pub fn has(self, fact: Fact) -> bool {
        self.0 & fact as u16 != 0
    }

    /// With one more fact and all that follows.
    #[must_use]
    pub fn with(self, fact: Fact) -> Facts {
        let implied = match fact {
            Fact::PosDef => Fact::Symmetric as u16 | Fact::Invertible as u16,
            Fact::Orthogonal => Fact::Invertible as u16,
            Fact::Positive => Fact::NonNegative as u16,
            Fact::Diagonal => Fact::Symmetric as u16,
            _ => 0,
        };
        Facts(self.0 | fact as u16 | implied)
    }

    /// Whether all of these are known.
    pub fn includes(self, o: Facts) -> bool {
        self.0 & o.0 == o.0
    }

    /// Both sets.
    #[must_use]
    pub fn union(self, o: Facts) -> Facts {
        Facts(self.0 | o.0)
    }

    /// What a row says of its result, `symmetric A, symmetric B -> symmetric Y; positive Y`: facts of arguments, and what follows.
    pub(super) fn read(rules: &str) -> Vec<(Vec<(Fact, usize)>, Facts)> {
        let mut out = vec![];
        for rule in rules.split(';').map(str::trim).filter(|r| !r.is_empty()) {
            let (given, then) = rule.split_once("->").unwrap_or(("", rule));
            let of = |s: &str| {
                let (fact, name) = s.split_once(' ').expect("a fact reads `symmetric A`");
                (Fact::parse(fact).expect("a known fact"), usize::from(name.trim().as_bytes()[0] - b'A'))
            };
            let given = given.split(',').map(str::trim).filter(|s| !s.is_empty()).map(of).collect();
            let known = then.split(',').fold(Facts::default(), |all, fact| {
                let name = fact.trim().strip_suffix(" Y").expect("a conclusion reads `symmetric Y`");
                all.with(Fact::parse(name).expect("a known fact"))
            });
            out.push((given, known));
        }
        out
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Fact::ALL.iter().filter(|(x, _)| self.has(*x)).map(|(_, n)| *n).collect();
        f.write_str(&names.join(", "))
    }
}
