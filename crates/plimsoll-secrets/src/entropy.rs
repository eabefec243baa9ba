//! Where randomness comes from: the system, or a seed where a rehearsal must repeat itself.

use aws_lc_rs::{digest, rand};

/// A source of random bytes.
pub trait Entropy: Send {
    /// Fills `bytes`.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// The operating system's generator: for every value that protects something.
#[derive(Debug, Default)]
pub struct System;

impl Entropy for System {
    fn fill(&mut self, bytes: &mut [u8]) {
        rand::fill(bytes).expect("the system's random generator answers");
    }
}

/// Bytes that follow from a seed: for the embedded cluster, which protects nothing and must be
/// the same in every run.
#[derive(Debug)]
pub struct Seeded {
    seed: Vec<u8>,
    block: u64,
}

impl Seeded {
    /// A stream that is told from others by `seed`.
    pub fn new(seed: &[u8]) -> Self {
        Self {
            seed: seed.to_vec(),
            block: 0,
        }
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(digest::SHA256_OUTPUT_LEN) {
            let mut context = digest::Context::new(&digest::SHA256);
            context.update(&self.seed);
            context.update(&self.block.to_be_bytes());
            self.block += 1;
            chunk.copy_from_slice(&context.finish().as_ref()[..chunk.len()]);
        }
    }
}

/// Which source a run uses, for values known by a name.
#[derive(Debug, Clone)]
pub enum Randomness {
    /// [`System`].
    System,
    /// [`Seeded`]: the value of a name depends on the seed and the name, and on nothing else.
    Seeded(Vec<u8>),
}

impl Randomness {
    /// The source for the value of this name.
    pub fn of(&self, name: &str) -> Box<dyn Entropy> {
        match self {
            Self::System => Box::new(System),
            Self::Seeded(seed) => {
                let seed = [seed.as_slice(), &[0], name.as_bytes()].concat();
                Box::new(Seeded::new(&seed))
            }
        }
    }
}
