//! A transcript that records what is absorbed, and whose challenges can be forced.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use crate::field::EF;
use crate::hash::sealed::Sealed;
use crate::hash::{
    Blake3Hash, DIGEST_BYTES, HashFunction, ProofHash, Puzzle, Rows, Salt, Transcript,
};

/// One event of a transcript.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The transcript starts.
    Prefix(Vec<u8>),
    /// A commitment is absorbed.
    Digest([u8; 32]),
    /// Values are absorbed.
    Values(Vec<EF>),
    /// Proof of work with this number of bits is done, and its nonce is absorbed.
    Nonce(usize, u64),
    /// A challenge is drawn.
    Challenge(EF),
    /// A queried row is drawn.
    Index(usize),
}

/// How challenges follow from the events.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mode {
    /// As in a real transcript.
    #[default]
    Real,
    /// Challenges follow from this number alone, and no proof of work is required.
    Forced(u64),
    /// As in a real transcript, except that one event is not absorbed.
    Without(usize),
    /// As in a real transcript, except that one of an event's values is not absorbed.
    WithoutValue(usize, usize),
    /// As in a real transcript, except that the prover skips one proof of work. It sends the first
    /// nonce that does not show the work.
    WithoutWork(usize),
}

thread_local! {
    static MODE: Cell<Mode> = const { Cell::new(Mode::Real) };
    static EVENTS: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
}

/// Runs one prover or verifier in a mode and returns the events.
pub fn recorded<T>(mode: Mode, run: impl FnOnce() -> T) -> (T, Vec<Event>) {
    MODE.set(mode);
    EVENTS.take();
    let result = run();
    MODE.set(Mode::Real);
    (result, EVENTS.take())
}

/// Number of commitments absorbed so far.
pub fn commitments() -> usize {
    EVENTS.with_borrow(|events| {
        events.iter().filter(|event| matches!(event, Event::Digest(_))).count()
    })
}

/// Number of nonces recorded so far.
fn nonces() -> usize {
    EVENTS.with_borrow(|events| {
        events.iter().filter(|event| matches!(event, Event::Nonce(..))).count()
    })
}

/// A suite's hash with the recording transcript.
#[derive(Clone, Copy, Debug)]
pub struct Scripted<H = Blake3Hash>(PhantomData<H>);

impl<H: ProofHash> Sealed for Scripted<H> {}

impl<H: ProofHash> ProofHash for Scripted<H> {
    const FUNCTION: HashFunction = H::FUNCTION;
    type Digest = H::Digest;
    type Transcript = ScriptedTranscript<H>;

    fn hash_rows<R: Rows>(rows: &R, salts: Option<&[Salt]>) -> Vec<H::Digest> {
        H::hash_rows(rows, salts)
    }

    fn nodes(children: &[H::Digest]) -> Vec<H::Digest> {
        H::nodes(children)
    }

    fn to_bytes(digest: &H::Digest) -> [u8; DIGEST_BYTES] {
        H::to_bytes(digest)
    }

    fn from_bytes(bytes: [u8; DIGEST_BYTES]) -> Option<H::Digest> {
        H::from_bytes(bytes)
    }
}

/// The transcript of [`Scripted`].
#[derive(Clone)]
pub struct ScriptedTranscript<H: ProofHash>(H::Transcript);

/// Records an event and returns whether it is absorbed.
fn say(event: Event) -> bool {
    let number = EVENTS.with_borrow_mut(|events| {
        events.push(event);
        events.len() - 1
    });
    match MODE.get() {
        Mode::Real | Mode::WithoutValue(..) | Mode::WithoutWork(_) => true,
        Mode::Forced(_) => false,
        Mode::Without(left_out) => number != left_out,
    }
}

impl<H: ProofHash> ScriptedTranscript<H> {
    /// Absorbs the first nonce that does not show the work.
    fn skip(&mut self, bits: usize) -> u64 {
        let shows_none = |nonce: &u64| !self.0.clone().check_grinding(bits, *nonce);
        let nonce = (0..).find(shows_none).expect("most nonces show no work");
        let _ = self.0.check_grinding(bits, nonce);
        nonce
    }
}

impl<H: ProofHash> Transcript for ScriptedTranscript<H> {
    type Digest = H::Digest;

    fn new(prefix: &[u8]) -> Self {
        let absorbed = say(Event::Prefix(prefix.to_vec()));
        Self(match MODE.get() {
            Mode::Forced(seed) => H::Transcript::new(&seed.to_le_bytes()),
            _ => H::Transcript::new(if absorbed { prefix } else { &[] }),
        })
    }

    fn absorb_digest(&mut self, digest: &H::Digest) {
        if say(Event::Digest(H::to_bytes(digest))) {
            self.0.absorb_digest(digest);
        }
    }

    fn absorb(&mut self, values: &[EF]) {
        let number = EVENTS.with_borrow(Vec::len);
        if say(Event::Values(values.to_vec())) {
            let mut values = values.to_vec();
            if let Mode::WithoutValue(event, value) = MODE.get()
                && event == number
            {
                values.splice(value..=value, []);
            }
            self.0.absorb(&values);
        }
    }

    fn challenge(&mut self) -> EF {
        let challenge = self.0.challenge();
        say(Event::Challenge(challenge));
        challenge
    }

    fn index(&mut self, bits: usize) -> usize {
        let index = self.0.index(bits);
        say(Event::Index(index));
        index
    }

    fn puzzle(&self) -> Puzzle {
        self.0.puzzle()
    }

    fn absorb_solution(&mut self, bits: usize, nonce: u64) -> Option<u64> {
        let nonce = match MODE.get() {
            Mode::Forced(_) => 0,
            Mode::WithoutWork(time) if time == nonces() => self.skip(bits),
            _ => self.0.absorb_solution(bits, nonce)?,
        };
        say(Event::Nonce(bits, nonce));
        Some(nonce)
    }

    fn check_grinding(&mut self, bits: usize, nonce: u64) -> bool {
        let absorbed = say(Event::Nonce(bits, nonce));
        if let Mode::Forced(_) = MODE.get() {
            return true;
        }
        // A nonce that is left out is checked all the same, since the proof of work is not what is
        // tested.
        let mut transcript = self.0.clone();
        let holds = transcript.check_grinding(bits, nonce);
        if absorbed {
            self.0 = transcript;
        }
        holds
    }
}
