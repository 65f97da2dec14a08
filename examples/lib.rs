//! Small models, one idea each, with the data they are evaluated on.
