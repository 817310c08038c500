//! Start links in a form: one a line, its parts apart by bars. Does not own their rules (`domain::connection`).

use crate::domain::{connection::StartLink, text::FieldErrors};

/// Stored links as text: `name | caption | target`.
pub fn text(links: &[StartLink]) -> String {
    let lines: Vec<String> =
        links.iter().map(|link| format!("{} | {} | {}", link.name, link.label, link.target)).collect();
    lines.join("\n")
}

/// The links that a text stands for. A target may hold bars.
///
/// # Errors
/// `start_links`: a line without its three parts.
pub fn parse(text: &str) -> Result<Vec<StartLink>, FieldErrors> {
    let mut links = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let parts: Vec<&str> = line.splitn(3, '|').map(str::trim).collect();
        let [name, label, target] = parts[..] else {
            let shown: String = line.chars().take(40).collect();
            let message = format!(
                "“{shown}”: write name | caption | target, such as reports | Weekly reports | /reports"
            );
            return Err(FieldErrors::one("start_links", message));
        };
        links.push(StartLink { name: name.to_owned(), label: label.to_owned(), target: target.to_owned() });
    }
    Ok(links)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_sent_back_unchanged_changes_nothing() {
        let links = vec![
            StartLink { name: "reports".into(), label: "Weekly reports".into(), target: "/r?a=b|c".into() },
            StartLink {
                name: "board".into(),
                label: "Board".into(),
                target: "https://rp.example/b#x".into(),
            },
        ];
        assert_eq!(parse(&text(&links)), Ok(links));
        assert_eq!(parse(" \r\n"), Ok(Vec::new()));
        for bad in ["reports", "reports | Weekly"] {
            assert!(parse(bad).expect_err(bad).of("start_links").is_some());
        }
    }
}
