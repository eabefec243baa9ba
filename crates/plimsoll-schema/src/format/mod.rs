//! The compact text form of a table, one thing a line, parts split by tabs.
//!
//! ```text
//! T <name> <shape> <attribute>*    a type; its id is the count of types before it
//! F <name> <type> <attribute>*     a field of the last type, ordered by name
//! K <group> <version> <kind> <plural> <singular> <N|C> <short> <categories> <verbs> <type> <attribute>*
//! R <name> <group> <version> <kind> <verbs>          a subresource of the last kind
//! ```
//! Shapes: `o` object (`oa` atomic, `ok` keeps unknown fields, `oe` embedded object, letters combine),
//! `m<type>` map (`ma<type>` atomic), `la<type>`/`ls<type>`/`lm<type>:<keys>` list, `*` anything, and a
//! letter for each scalar. Attributes are one letter and a value, see the two modules.
mod decode;
mod encode;

pub use decode::{BadTable, decode, index, read_type};
pub use encode::encode;

use crate::Scalar;

const SCALARS: [(&str, Scalar); 10] = [
    ("s", Scalar::String),
    ("i", Scalar::Int32),
    ("l", Scalar::Int64),
    ("n", Scalar::Number),
    ("b", Scalar::Boolean),
    ("q", Scalar::Quantity),
    ("x", Scalar::IntOrString),
    ("t", Scalar::Time),
    ("u", Scalar::MicroTime),
    ("y", Scalar::Bytes),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_tables_survive_a_round_trip() {
        for table in [crate::kubernetes(), crate::components()] {
            let text: &'static str = encode(table).leak();
            assert_eq!(&decode(text).expect("decodes"), table);
        }
    }

    #[test]
    fn a_damaged_line_is_named() {
        let problem = decode("T\t\ts\nF\tname\tnine").expect_err("a text has no fields");
        assert_eq!(
            problem.to_string(),
            "line 1 of the schema table is damaged: `T\t\ts\nF\tname\tnine`"
        );
    }
}
