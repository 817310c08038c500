//! Random passwords that people can type. Does not own what a password must be (`domain::credential`).

use crate::keyring::SecretText;
use rand::Rng;

/// Six bits each.
const WORDS: [&str; 64] = [
    "amber", "anchor", "apple", "autumn", "badger", "basket", "beacon", "birch", "bottle", "bridge",
    "button", "candle", "canoe", "cedar", "cherry", "cobalt", "copper", "coral", "cotton", "cricket",
    "dolphin", "ember", "falcon", "feather", "fiddle", "forest", "garden", "ginger", "granite", "hammer",
    "harbour", "hazel", "island", "ivory", "jacket", "jasmine", "kettle", "ladder", "lantern", "lemon",
    "linen", "magnet", "maple", "marble", "meadow", "mirror", "nickel", "nutmeg", "olive", "orchard",
    "otter", "paper", "pebble", "pepper", "pigeon", "planet", "quartz", "ribbon", "saddle", "silver",
    "thistle", "timber", "velvet", "willow",
];

/// Eight words and a number, `amber-canoe-…-42`: 54 bits.
pub(super) fn password(rng: &mut impl Rng) -> SecretText {
    words(rng, 8)
}

/// Four words and a number, 30 bits: for a demonstration on this machine.
#[cfg(feature = "demo")]
pub(super) fn short_password(rng: &mut impl Rng) -> SecretText {
    words(rng, 4)
}

fn words(rng: &mut impl Rng, count: u32) -> SecretText {
    let bits = rng.next_u64();
    let mut text = String::new();
    for position in 0..count {
        let index = usize::try_from((bits >> (6 * position)) & 63).unwrap_or_default();
        text.push_str(WORDS[index]);
        text.push('-');
    }
    text.push_str(&(10 + (bits >> 58)).to_string());
    SecretText::new(text)
}
