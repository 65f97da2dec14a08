//! `Diagnostic`: one message to the user, with its place in the source; drawn with carets.
