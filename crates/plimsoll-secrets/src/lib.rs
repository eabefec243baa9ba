//! Secret values: made, carried without ever being shown.
