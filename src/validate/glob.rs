//! Names with `*` in them.

/// Whether `name` is what `pattern` describes; `*` stands for any characters, also none.
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or("");
    for part in parts {
        let Some(at) = name.find(part) else { return false };
        name = &name[at + part.len()..];
    }
    name.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_anything() {
        assert!(matches("init_*", "init_cpu") && matches("*", "x") && matches("a*b*c", "abbc") && matches("x", "x"));
        assert!(matches("create_cpu_*_endpoint_handler", "create_cpu_text_endpoint_handler"));
        assert!(!matches("a*a", "a") && !matches("init_*", "in") && !matches("x", "xy") && !matches("*_b", "a_c"));
    }
}
