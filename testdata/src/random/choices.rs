//! The choices from which a random document is made.

/// Choices that are drawn from a seed or repeated from a list. Each choice is a number. The smaller
/// the number, the simpler the choice.
#[derive(Clone, Debug)]
pub struct Choices {
    /// The choices to repeat. `None` if choices are drawn.
    given: Option<Vec<u64>>,
    made: Vec<u64>,
    state: u64,
}

impl Choices {
    /// Draws choices from a seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        Self { given: None, made: Vec::new(), state: seed }
    }

    /// Repeats these choices. After their end, makes the simplest choices.
    #[must_use]
    pub fn again(choices: &[u64]) -> Self {
        Self { given: Some(choices.to_vec()), made: Vec::new(), state: 0 }
    }

    /// The choices made so far.
    #[must_use]
    pub fn made(&self) -> &[u64] {
        &self.made
    }

    /// The next 64 bits (SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
    /// generators", 2014).
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn choose(&mut self, choices: u64) -> u64 {
        let number = match &self.given {
            Some(given) => given.get(self.made.len()).copied().unwrap_or_default(),
            None => self.draw(),
        };
        self.made.push(number % choices);
        number % choices
    }

    /// A number below `limit`, which must not be zero.
    pub fn below(&mut self, limit: usize) -> usize {
        self.choose(limit as u64) as usize
    }

    /// A number of 32 bits.
    pub fn word(&mut self) -> u32 {
        self.choose(1 << 32) as u32
    }

    /// True once in this many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times && times > 1
    }

    /// One of these values. The first is the simplest.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Bytes that differ from those of other calls.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut stream = Self::of_seed(self.word().into());
        (0..length).map(|_| stream.draw() as u8).collect()
    }
}

/// Searches for fewer and smaller choices for which `fails` still holds, in at most `tries` tries.
pub fn shrink(choices: &[u64], tries: usize, mut fails: impl FnMut(&[u64]) -> bool) -> Vec<u64> {
    let (mut best, mut left) = (choices.to_vec(), tries);
    let mut better = |candidate: Vec<u64>, best: &mut Vec<u64>, left: &mut usize| {
        if *left == 0 || candidate == *best {
            return false;
        }
        *left -= 1;
        let fails = fails(&candidate);
        if fails {
            *best = candidate;
        }
        fails
    };
    let mut chunk = best.len().next_power_of_two();
    while chunk > 0 && left > 0 {
        let mut at = 0;
        while at < best.len() {
            let end = (at + chunk).min(best.len());
            let (mut without, mut zeroed) = (best.clone(), best.clone());
            without.drain(at..end);
            zeroed[at..end].fill(0);
            if better(without, &mut best, &mut left) {
                continue;
            }
            if !better(zeroed, &mut best, &mut left) && chunk == 1 && best[at] > 1 {
                let mut smaller = best.clone();
                smaller[at] /= 2;
                while better(smaller.clone(), &mut best, &mut left) && smaller[at] > 1 {
                    smaller[at] /= 2;
                }
            }
            at = end;
        }
        chunk /= 2;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_follow_from_the_seed_and_can_be_made_again() {
        // The first outputs of SplitMix64 for the seed 1234567.
        let mut choices = Choices::of_seed(1_234_567);
        assert_eq!(
            [0; 2].map(|_| choices.draw()),
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]
        );
        let mut drawn = Choices::of_seed(5);
        let numbers: Vec<_> = (1..50).map(|limit| drawn.below(limit)).collect();
        let mut again = Choices::again(drawn.made());
        assert!(
            numbers.iter().enumerate().all(|(index, &number)| again.below(index + 1) == number)
        );
        assert_eq!(again.below(7), 0);
    }

    #[test]
    fn what_matters_is_left() {
        let choices: Vec<_> = (0..300).map(|number| number * 7 % 101).collect();
        let fails = |choices: &[u64]| choices.iter().any(|&number| number > 90);
        let shrunken = shrink(&choices, 10_000, fails);
        assert_eq!(shrunken.len(), 1);
        assert!(fails(&shrunken));
    }
}
