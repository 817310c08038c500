//! The short reference that joins what a person saw to the event an admin opens. Does not own either.

use rand::Rng;

/// No `0 O 1 I L U`: read aloud without doubt.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ34";

/// A reference like `7KQ2-M4XA`: 40 random bits.
pub fn new(rng: &mut impl Rng) -> String {
    let mut bits = rng.next_u64();
    let mut text = String::with_capacity(9);
    for position in 0..8 {
        if position == 4 {
            text.push('-');
        }
        let index = usize::try_from(bits & 31).unwrap_or_default();
        text.push(char::from(ALPHABET[index]));
        bits >>= 5;
    }
    text
}

/// What someone typed as a reference, in its stored form; `None` when it can't be one.
pub fn parse(text: &str) -> Option<String> {
    let letters: String =
        text.trim().to_ascii_uppercase().chars().filter(|c| *c != '-' && *c != ' ').collect();
    (letters.len() == 8 && letters.bytes().all(|b| ALPHABET.contains(&b)))
        .then(|| format!("{}-{}", &letters[..4], &letters[4..]))
}
