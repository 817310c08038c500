//! Owns reading JSON that every reader reads alike: no object names a member twice, at any depth.
//!
//! Does not own what the values mean.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A value without repeated members. RFC 8259 §4: what a reader makes of repeated names is unpredictable.
pub(crate) struct Unambiguous(pub(crate) Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Unambiguous(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let Unambiguous(value) = map.next_value()?;
            if members.contains_key(&name) {
                return Err(Error::custom(format!(
                    "“{}” stands twice",
                    name.chars().take(64).collect::<String>()
                )));
            }
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::Unambiguous;
    use serde_json::Value;

    #[test]
    fn what_is_read_is_what_everybody_reads() {
        let read = |text: &str| serde_json::from_str::<Unambiguous>(text).map(|Unambiguous(value)| value);
        for same in [r#"{"a":[1,-2,2.5,null,true,"x"],"b":{"a":{}}}"#, "1", "[]"] {
            assert_eq!(read(same).expect(same), serde_json::from_str::<Value>(same).expect(same));
        }
        for bad in [r#"{"a":1,"a":1}"#, r#"{"b":{"a":1,"a":null}}"#, r#"[{"a":1,"\u0061":2}]"#, "{", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
