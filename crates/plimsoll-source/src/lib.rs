//! Files, spans, the spanned tree, YAML in and out, findings and their renderers.
