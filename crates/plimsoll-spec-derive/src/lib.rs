//! The derive that makes reader, canonical shape and documentation of the application file's types.
