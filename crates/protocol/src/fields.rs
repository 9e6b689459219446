//! Reading structs at a fraction of what serde's derived deserialiser would
//! add to the page's download, which is about half a kilobyte for each.

/// Reads a struct from a map, as the derived deserialiser would: the first
/// fields must be there, the others have a default, and what is unknown is
/// skipped. Unlike that one it reads no sequences, and of a field that comes
/// twice the last counts.
macro_rules! read_fields {
    ($type:ident { $($needed:ident),* } $($other:ident),*) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(stringify!($type))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<$type, A::Error> {
                        $(let mut $needed = None;)*
                        $(let mut $other = Default::default();)*
                        while let Some(name) = map.next_key::<String>()? {
                            match name.as_str() {
                                $(stringify!($needed) => $needed = Some(map.next_value()?),)*
                                $(stringify!($other) => $other = map.next_value()?,)*
                                _ => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        $(let Some($needed) = $needed else {
                            return Err(serde::de::Error::missing_field(stringify!($needed)));
                        };)*
                        Ok($type { $($needed,)* $($other,)* })
                    }
                }
                from.deserialize_map(Fields)
            }
        }
    };
}

pub(crate) use read_fields;

#[cfg(test)]
mod tests {
    use crate::{ModelInfo, Usage};

    #[test]
    fn what_is_needed_must_be_there_and_the_rest_may_be() {
        let read = |json| serde_json::from_str::<ModelInfo>(json);
        let info = read(r#"{"newer": [{}], "name": "X", "id": "a/x"}"#).unwrap();
        assert_eq!((info.id.as_str(), info.name.as_str()), ("a/x", "X"));
        assert_eq!(info.description, None);
        let error = read(r#"{"id": "a/x"}"#).unwrap_err().to_string();
        assert!(error.contains("missing field `name`"), "{error}");
        let error = read("7").unwrap_err().to_string();
        assert!(error.contains("expected ModelInfo"), "{error}");
        assert_eq!(
            serde_json::from_str::<Usage>("{}").unwrap(),
            Usage::default()
        );
    }
}
