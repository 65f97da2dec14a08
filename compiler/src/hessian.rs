//! Second derivatives by the recursion of block elimination ("edge pushing") over an abstract domain.
//!
//! Source: the corrected recursion for Hessians of directed acyclic graphs, parameters as leaves: for each node u from the
//! last to the first, `W[v,w] += D_a' W[u,u] D_b + S_{u;a,b}`, `W[v,w] += D_a' W[u,w]`, `δ_v += D_a' δ_u`. No third-order
//! tensor is formed. A shared parameter is one leaf. Cf. Gower & Mello (2012), edge pushing.

mod formulas;
mod recursion;

pub use formulas::{Formulas, Part, blocks, hessian_vector, of_part, products, unmarked};
pub use recursion::{Blocks, Domain, eliminate};
