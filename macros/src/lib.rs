//! The derive macro of hesse.
