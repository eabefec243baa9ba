//! The application file: shape, merge of environments, types.
