//! The Blueprint of forms and the World of plain objects that it evaluates to.
