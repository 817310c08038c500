//! Owns reading a JSON object, and nothing but an object, into a type.
//!
//! Does not own the types.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// An object. The derived readers would take an array of the values for it; a member that is known and repeated is an
/// error with them, so what is acted upon is what any reader of JSON sees.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// The object in `bytes`; `None` if it is none, or not of this shape.
pub(crate) fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Option<T> {
    serde_json::from_slice::<Object<T>>(bytes).ok().map(|Object(value)| value)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[derive(serde::Deserialize)]
    struct Pair {
        a: u8,
        #[serde(default)]
        b: u8,
    }

    #[test]
    fn only_objects_without_repeats_are_read() {
        let read = |text: &str| parse::<Pair>(text.as_bytes()).map(|pair| (pair.a, pair.b));
        assert_eq!(read(r#"{"a":1,"b":2,"c":3}"#), Some((1, 2)));
        for bad in ["[1,2]", r#"{"a":1,"a":2}"#, r#"{"b":2}"#, r#"{"a":1} x"#, "null", ""] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
