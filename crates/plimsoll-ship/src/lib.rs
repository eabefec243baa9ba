//! Ships a World to a cluster and watches it come up.
