//! Reply addresses as lines of a form: `https://app.example/acs | 7`. Does not own what an address may be (`domain::connection`).

use crate::domain::connection::AcsUrl;

/// Most lines.
const LINES_MAX: usize = 64;

/// One address a line, the default first. The indexes stand there unless they count up from 0.
pub fn text(addresses: &[&AcsUrl]) -> String {
    let counted = addresses.iter().enumerate().all(|(place, acs)| usize::from(acs.index) == place);
    let line = |acs: &&AcsUrl| {
        if counted { acs.url.clone() } else { format!("{} | {}", acs.url, acs.index) }
    };
    addresses.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// One address a line, the first the default. Without an index, an address that is stored keeps its own, and one in the place of
/// another takes over that one's: requests name them by it (SAML Core §3.4.1, `AssertionConsumerServiceIndex`).
pub fn parse(text: &str, stored: &[AcsUrl]) -> Result<Vec<AcsUrl>, String> {
    let mut lines: Vec<(&str, Option<u16>)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (url, index) = match line.split_once('|') {
            None => (line, None),
            Some((url, number)) => {
                let index = number.trim().parse();
                let index = index.map_err(|_| "Write a number from 0 to 65,535 after the bar".to_owned())?;
                (url.trim(), Some(index))
            }
        };
        if !lines.iter().any(|(known, _)| *known == url) {
            lines.push((url, index));
        }
    }
    if lines.len() > LINES_MAX {
        return Err(format!("Use at most {LINES_MAX} addresses"));
    }
    let mut shown: Vec<&AcsUrl> = stored.iter().collect();
    shown.sort_by_key(|acs| (!acs.default, acs.index));
    let known = |url: &str| stored.iter().find(|acs| acs.url == url).map(|acs| acs.index);
    let replaced = |place: usize| {
        shown.get(place).filter(|acs| lines.iter().all(|(url, _)| *url != acs.url)).map(|acs| acs.index)
    };
    let settled: Vec<Option<u16>> = lines.iter().map(|(url, index)| index.or_else(|| known(url))).collect();
    let mut used: Vec<u16> = settled.iter().copied().flatten().collect();
    let mut addresses = Vec::with_capacity(lines.len());
    for (place, ((url, _), index)) in lines.iter().zip(&settled).enumerate() {
        let index = index.unwrap_or_else(|| {
            let taken_over = replaced(place).filter(|index| !used.contains(index));
            let free = || (0..=u16::MAX).find(|index| !used.contains(index)).unwrap_or_default();
            let index = taken_over.unwrap_or_else(free);
            used.push(index);
            index
        });
        addresses.push(AcsUrl { url: (*url).to_owned(), index, default: place == 0 });
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acs(url: &str, index: u16, default: bool) -> AcsUrl {
        AcsUrl { url: format!("https://sp.example/{url}"), index, default }
    }

    fn parsed(text: &str, stored: &[AcsUrl]) -> Vec<(String, u16)> {
        let list = parse(text, stored).expect(text);
        assert!(list.iter().enumerate().all(|(place, acs)| acs.default == (place == 0)));
        list.into_iter().map(|acs| (acs.url.replace("https://sp.example/", ""), acs.index)).collect()
    }

    #[test]
    fn what_is_shown_is_read_back() {
        for stored in [
            vec![acs("a", 0, true), acs("b", 1, false)],
            vec![acs("a", 7, true), acs("b", 2, false)],
            vec![acs("a", 1, true)],
            vec![],
        ] {
            let lines = text(&stored.iter().collect::<Vec<_>>());
            assert_eq!(parse(&lines, &[]).expect("readable"), stored, "{lines}");
            assert_eq!(parse(&lines, &stored).expect("readable"), stored, "{lines}");
        }
        let counted = [acs("a", 0, true), acs("b", 1, false)];
        assert_eq!(text(&counted.iter().collect::<Vec<_>>()), "https://sp.example/a\nhttps://sp.example/b");
    }

    #[test]
    fn an_address_in_the_place_of_another_keeps_its_index() {
        let stored = [acs("a", 2, true), acs("b", 7, false)];
        let read = |text: &str| parsed(&text.replace('@', "https://sp.example/"), &stored);
        let of = |list: &[(&str, u16)]| -> Vec<(String, u16)> {
            list.iter().map(|(url, index)| ((*url).to_owned(), *index)).collect()
        };
        assert_eq!(read("@a\n@new"), of(&[("a", 2), ("new", 7)]), "replaced");
        assert_eq!(read("@a\n@b\n@new"), of(&[("a", 2), ("b", 7), ("new", 0)]), "added");
        assert_eq!(read("@new\n@a\n@b"), of(&[("new", 0), ("a", 2), ("b", 7)]), "put first");
        assert_eq!(read("@b\n@a"), of(&[("b", 7), ("a", 2)]), "another default");
        assert_eq!(read("@a | 9\n@new|3"), of(&[("a", 9), ("new", 3)]), "as it is written");
        assert_eq!(read("@a\n\n@a | 4"), of(&[("a", 2)]), "the same again");
    }

    #[test]
    fn what_is_no_index_is_refused() {
        for wrong in [
            "https://sp.example/a | x",
            "https://sp.example/a | 65536",
            "https://sp.example/a |",
            "a | 1 | 2",
        ] {
            assert!(parse(wrong, &[]).is_err(), "{wrong}");
        }
        let many =
            (0..65).map(|number| format!("https://sp.example/{number}")).collect::<Vec<_>>().join("\n");
        assert!(parse(&many, &[]).is_err());
    }
}
