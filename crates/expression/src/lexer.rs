//! Owns the words of the language and where they stand.
//! Does not own what they mean together.

use crate::error::ParseError;

/// What a word is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Name(String),
    /// Between backquotes: never a keyword.
    Quoted(String),
    /// Without its dollar sign; empty for `$`, a dollar sign for `$$`.
    Variable(String),
    Text(String),
    Number(f64),
    Pattern {
        source: String,
        flags: String,
    },
    Symbol(&'static str),
    End,
}

/// A word and how many characters stand before it.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) at: usize,
}

/// Longer ones first.
const SYMBOLS: &[&str] = &[
    ":=", "!=", "<=", ">=", "~>", "??", "?:", "..", "**", ".", "[", "]", "{", "}", "(", ")", ",", ";", ":",
    "?", "+", "-", "*", "/", "%", "=", "<", ">", "&", "@", "#", "^", "|", "!",
];

pub(crate) struct Lexer<'a> {
    text: &'a [char],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [char]) -> Self {
        Self { text, at: 0 }
    }

    /// All words, the last being [`Kind::End`].
    pub(crate) fn tokens(mut self) -> Result<Vec<Token>, ParseError> {
        let mut tokens: Vec<Token> = Vec::new();
        loop {
            self.skip_space()?;
            let at = self.at;
            let after_value = tokens.last().is_some_and(|token| ends_value(&token.kind));
            let kind = self.next(after_value)?;
            let end = kind == Kind::End;
            tokens.push(Token { kind, at });
            if end {
                return Ok(tokens);
            }
        }
    }

    pub(crate) fn error(&self, at: usize, message: impl Into<String>) -> ParseError {
        error_at(self.text, at, message)
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn skip_space(&mut self) -> Result<(), ParseError> {
        loop {
            while self.peek(0).is_some_and(char::is_whitespace) {
                self.at += 1;
            }
            if self.peek(0) != Some('/') || self.peek(1) != Some('*') {
                return Ok(());
            }
            let start = self.at;
            self.at += 2;
            while !(self.peek(0) == Some('*') && self.peek(1) == Some('/')) {
                if self.peek(0).is_none() {
                    return Err(self.error(start, "This comment has no end"));
                }
                self.at += 1;
            }
            self.at += 2;
        }
    }

    fn next(&mut self, after_value: bool) -> Result<Kind, ParseError> {
        let Some(c) = self.peek(0) else { return Ok(Kind::End) };
        match c {
            '"' | '\'' => self.text_literal(c),
            '`' => self.quoted(),
            '$' => {
                self.at += 1;
                if self.peek(0) == Some('$') {
                    self.at += 1;
                    return Ok(Kind::Variable("$".to_owned()));
                }
                Ok(Kind::Variable(self.word()))
            }
            '0'..='9' => self.number(),
            '/' if !after_value => self.pattern(),
            _ if is_word(c) => Ok(Kind::Name(self.word())),
            _ => {
                let rest = &self.text[self.at..];
                let found = SYMBOLS
                    .iter()
                    .find(|symbol| symbol.chars().enumerate().all(|(i, c)| rest.get(i) == Some(&c)));
                let Some(symbol) = found else {
                    return Err(self.error(self.at, format!("“{}” has no meaning here", c.escape_debug())));
                };
                self.at += symbol.len();
                Ok(Kind::Symbol(symbol))
            }
        }
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek(0).is_some_and(is_word) {
            self.at += 1;
        }
        self.text[start..self.at].iter().collect()
    }

    fn quoted(&mut self) -> Result<Kind, ParseError> {
        let start = self.at;
        self.at += 1;
        let name: String = self.text[self.at..].iter().take_while(|c| **c != '`').collect();
        self.at += name.chars().count();
        if self.peek(0).is_none() {
            return Err(self.error(start, "This name has no closing backquote"));
        }
        self.at += 1;
        Ok(Kind::Quoted(name))
    }

    fn number(&mut self) -> Result<Kind, ParseError> {
        let start = self.at;
        self.digits();
        if self.peek(0) == Some('.') && self.peek(1).is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(0), Some('e' | 'E')) {
            let sign = usize::from(matches!(self.peek(1), Some('+' | '-')));
            if self.peek(1 + sign).is_some_and(|c| c.is_ascii_digit()) {
                self.at += 1 + sign;
                self.digits();
            }
        }
        let text: String = self.text[start..self.at].iter().collect();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Kind::Number(number)),
            _ => Err(self.error(start, "This number is too large")),
        }
    }

    fn digits(&mut self) {
        while self.peek(0).is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn text_literal(&mut self, quote: char) -> Result<Kind, ParseError> {
        let start = self.at;
        let mut text = String::new();
        self.at += 1;
        loop {
            let Some(c) = self.peek(0) else {
                return Err(self.error(start, "This text has no closing quotation mark"));
            };
            self.at += 1;
            match c {
                '\\' => text.push(self.escape()?),
                c if c == quote => return Ok(Kind::Text(text)),
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let at = self.at - 1;
        let c = self.peek(0);
        self.at += 1;
        match c {
            Some(c @ ('"' | '\'' | '\\' | '/')) => Ok(c),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => self.unicode_escape(at),
            _ => {
                Err(self
                    .error(at, "This escape has no meaning: after a backslash come \" \\ / b f n r t or u"))
            }
        }
    }

    /// `\uXXXX`, in pairs for what lies beyond 16 bits; half a pair is no character.
    fn unicode_escape(&mut self, at: usize) -> Result<char, ParseError> {
        let high = self.hex4();
        let code = match high {
            Some(high @ 0xD800..=0xDBFF) if self.peek(0) == Some('\\') && self.peek(1) == Some('u') => {
                self.at += 2;
                let low = self.hex4().filter(|low| (0xDC00..=0xDFFF).contains(low));
                low.map(|low| 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
            }
            other => other,
        };
        code.and_then(char::from_u32)
            .ok_or_else(|| self.error(at, "\\u needs the four hexadecimal digits of a character"))
    }

    fn hex4(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + self.peek(0)?.to_digit(16)?;
            self.at += 1;
        }
        Some(code)
    }

    fn pattern(&mut self) -> Result<Kind, ParseError> {
        let start = self.at;
        let mut source = String::new();
        self.at += 1;
        loop {
            match self.peek(0) {
                None | Some('\n') => return Err(self.error(start, "This pattern has no closing slash")),
                Some('/') => break,
                Some('\\') if self.peek(1).is_some() => {
                    source.push('\\');
                    source.extend(self.peek(1));
                    self.at += 2;
                }
                Some(c) => {
                    source.push(c);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        let flags = self.word();
        Ok(Kind::Pattern { source, flags })
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a slash after this word divides.
fn ends_value(kind: &Kind) -> bool {
    match kind {
        Kind::Symbol(symbol) => matches!(*symbol, ")" | "]" | "}"),
        Kind::End => false,
        Kind::Name(name) => !matches!(name.as_str(), "and" | "or" | "in"),
        _ => true,
    }
}

/// An error at a character, with line and column counted.
pub(crate) fn error_at(text: &[char], at: usize, message: impl Into<String>) -> ParseError {
    let before = &text[..at.min(text.len())];
    let line = 1 + before.iter().filter(|c| **c == '\n').count();
    let column = 1 + before.iter().rev().take_while(|c| **c != '\n').count();
    ParseError { message: message.into(), at, line, column }
}
