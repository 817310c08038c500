//! Values inside SCIM filters. Does not own which filter is asked.

/// RFC 7644 §3.4.2.2: a comparison value is a JSON string; quotes, backslashes and controls are escaped, so that a user name can't
/// change the filter it stands in (C-02).
pub fn equals(attribute: &str, value: &str) -> String {
    let mut filter = format!("{attribute} eq \"");
    for c in value.chars() {
        match c {
            '"' => filter.push_str("\\\""),
            '\\' => filter.push_str("\\\\"),
            c if u32::from(c) < 0x20 => filter.extend(["\\u", &format!("{:04x}", u32::from(c))]),
            c => filter.push(c),
        }
    }
    filter.push('"');
    filter
}

#[cfg(test)]
mod tests {
    use super::equals;

    #[test]
    fn c02_a_value_stays_inside_its_quotes() {
        assert_eq!(equals("userName", "maya"), "userName eq \"maya\"");
        assert_eq!(equals("userName", "x\" or userName pr"), "userName eq \"x\\\" or userName pr\"");
        assert_eq!(equals("userName", "a\\b\n"), "userName eq \"a\\\\b\\u000a\"");
    }
}
