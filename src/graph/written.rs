//! A value as JSON text, as it is kept from one build to the next. It can be read ahead: in another thread than the one that
//! will ask for it, while that one has other things to do.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest::Digest;

/// Equal where the texts are.
pub struct Written<T> {
    text: Arc<str>,
    ahead: Mutex<Option<T>>,
}

impl<T> Written<T> {
    /// Of the text.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }
}

impl<T: Serialize + DeserializeOwned> Written<T> {
    /// Where the value has no JSON, there is nothing that could be read.
    pub fn of(value: &T) -> Self {
        serde_json::to_string(value).unwrap_or_default().into()
    }

    /// Reads it for whoever asks first.
    pub fn read_ahead(&self) {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = self.parsed();
    }

    /// The value; `None` where it has no JSON.
    pub fn read(&self) -> Option<T> {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
        ahead.or_else(|| self.parsed())
    }

    fn parsed(&self) -> Option<T> {
        serde_json::from_str(&self.text).ok()
    }
}

impl<T> From<String> for Written<T> {
    fn from(text: String) -> Self {
        Self { text: text.into(), ahead: Mutex::new(None) }
    }
}

impl<T> Clone for Written<T> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), ahead: Mutex::new(None) }
    }
}

impl<T> PartialEq for Written<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> fmt::Debug for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, T> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { text: Arc::deserialize(deserializer)?, ahead: Mutex::new(None) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_often_as_it_is_asked_for() {
        let value = vec!["a".to_owned(), "\u{0}é".to_owned()];
        let written = Written::of(&value);
        assert_eq!(written.read(), Some(value.clone()));
        written.read_ahead();
        let copy = written.clone();
        for _ in 0..2 {
            assert_eq!((written.read(), copy.read()), (Some(value.clone()), Some(value.clone())));
        }
        let bytes = postcard::to_allocvec(&written).unwrap();
        assert_eq!(postcard::from_bytes::<Written<Vec<String>>>(&bytes).unwrap(), written);
        assert_eq!(Written::<Vec<String>>::from(String::new()).read(), None);
    }
}
