//! Text for messages: quoting foreign text safely and finding near names.

use std::fmt::Write as _;

/// Longest piece of foreign text repeated in a message, in characters.
const SHOWN: usize = 40;

/// Longest name that is compared by edit distance, in characters.
const COMPARED: usize = 64;

/// How many candidates are compared by edit distance.
const CANDIDATES: usize = 50_000;

/// How many names a message lists before it only counts the rest.
const LISTED: usize = 8;

/// The text in double quotes on one line: shortened, with control characters and other
/// unprintable ones escaped.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{:?}…", text.get(..cut).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// The text bare where it is printable as it stands, else quoted and escaped; never shortened.
pub(crate) fn plain(text: &str) -> String {
    let debug = format!("{text:?}");
    let inner = debug.len().checked_sub(1).and_then(|end| debug.get(1..end));
    if inner == Some(text) { text.to_owned() } else { debug }
}

/// A few of the names, quoted, and how many there are in all.
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let mut text = String::new();
    for (k, name) in names.iter().take(LISTED).enumerate() {
        let comma = if k == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}{}", quoted(name.as_ref()));
    }
    if names.len() > LISTED {
        let _ = write!(text, ", … ({} in all)", names.len());
    }
    text
}

/// The number and the thing counted, in the plural where that is due.
pub(crate) fn counted(n: usize, thing: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {thing}{plural}")
}

/// The candidate nearest to `name` by edit distance (upper and lower case count as equal), when it
/// is near enough to be what was meant.
pub(crate) fn nearest<'a, S: AsRef<str>>(name: &str, candidates: &'a [S]) -> Option<&'a str> {
    let wanted = folded(name)?;
    let reach = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    let mut row = Vec::new();
    for candidate in candidates.iter().take(CANDIDATES) {
        let candidate = candidate.as_ref();
        let Some(letters) = folded(candidate) else {
            continue;
        };
        if letters.len().abs_diff(wanted.len()) > reach {
            continue;
        }
        let distance = levenshtein(&wanted, &letters, &mut row);
        if distance <= reach && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The name's letters in lower case with the usual word separators made equal; `None` when the
/// name is empty or too long to compare.
fn folded(name: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = name
        .chars()
        .take(COMPARED + 1)
        .flat_map(char::to_lowercase)
        .map(|c| if matches!(c, ' ' | '-' | '.') { '_' } else { c })
        .collect();
    (1..=COMPARED).contains(&letters.len()).then_some(letters)
}

/// Levenshtein's edit distance, with one row of the table kept in `row`.
fn levenshtein(a: &[char], b: &[char], row: &mut Vec<usize>) -> usize {
    row.clear();
    row.extend(0..=b.len());
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut cells = row.iter_mut();
        if let Some(first) = cells.next() {
            *first = left;
        }
        for (cell, y) in cells.zip(b) {
            let above = *cell;
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            diagonal = above;
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::{levenshtein, listed, nearest, plain, quoted};

    fn distance(a: &str, b: &str) -> usize {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        levenshtein(&a, &b, &mut Vec::new())
    }

    #[test]
    fn edit_distance_matches_known_values() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("flaw", "lawn"), 2);
    }

    #[test]
    fn nearest_prefers_the_closest_and_refuses_the_far() {
        let names = ["mean_radius", "mean_texture", "benign"];
        assert_eq!(nearest("Mean Radius", &names), Some("mean_radius"));
        assert_eq!(nearest("bening", &names), Some("benign"));
        assert_eq!(nearest("price", &names), None);
        assert_eq!(nearest("", &names), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), &names), None);
    }

    #[test]
    fn foreign_text_stays_on_one_line_and_short() {
        assert_eq!(quoted("a\n\u{1b}[31m\"b"), r#""a\n\u{1b}[31m\"b""#);
        assert_eq!(quoted("\u{202e}x"), r#""\u{202e}x""#);
        assert!(quoted(&"é".repeat(1000)).chars().count() < 50);
        assert_eq!(plain("a b.csv"), "a b.csv");
        assert_eq!(plain("a\nb.csv"), r#""a\nb.csv""#);
    }

    #[test]
    fn lists_are_cut_and_counted() {
        assert_eq!(listed(&["a", "b"]), r#""a", "b""#);
        let many: Vec<String> = (0..100).map(|k| k.to_string()).collect();
        assert!(listed(&many).ends_with(r#""7", … (100 in all)"#));
    }
}
