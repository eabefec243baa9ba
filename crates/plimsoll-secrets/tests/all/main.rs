//! What the real Sealed Secrets makes of what we seal.

mod sealed;
