//! All that is known of a model as one page: collected once, then written as HTML, Markdown, LaTeX and JSON.
//!
//! The writers read nothing but [`Report`], so that the page and its sidecar say the same. `SCHEMA.md` describes the sidecar.

mod collect;
mod document;
mod figure;
mod files;
mod html;
mod markdown;
mod mathml;
mod numbers;
mod page;
pub mod plot;
mod tex;

pub use collect::{Options, Progress, Set, bounds_of, collect, numbers_of};
pub use figure::figure;
pub use files::Page;
pub use html::html;
pub use markdown::markdown;
pub use page::*;
pub use tex::tex;
