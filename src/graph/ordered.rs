//! Equality that counts order. An `IndexMap` calls two orders of the same entries equal, and so does a JSON object; a query
//! whose value is compared so would hide that families, fields or hardware changed places.

use std::ops::Deref;

use serde::Serialize;
use serde_json::Value;

/// A value that equals another when both are written down in the same way.
#[derive(Debug, Clone, Default)]
pub struct Ordered<T>(pub T);

impl<T: Serialize> PartialEq for Ordered<T> {
    fn eq(&self, other: &Self) -> bool {
        let text = |value: &T| serde_json::to_vec(value).ok();
        matches!((text(&self.0), text(&other.0)), (Some(a), Some(b)) if a == b)
    }
}

impl<T> Deref for Ordered<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Whether two JSON values are the same, order included.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((a, one), (b, other))| a == b && same(one, other))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_counts_at_any_depth() {
        let (a, b) = (json!({"x": [{"a": 1, "b": 2}]}), json!({"x": [{"b": 2, "a": 1}]}));
        assert_eq!(a, b);
        assert!(!same(&a, &b) && same(&a, &a.clone()));
        assert!(Ordered(a.clone()) != Ordered(b) && Ordered(a.clone()) == Ordered(a));
    }
}
