//! The syntax of JSON.

use super::Unreadable;

/// How deep arrays and objects may lie in each other.
pub(super) const DEEPEST: u32 = 128;

/// A text and how far it is read. What needs no type parameter is here, so
/// that it is in the page once; a value may begin with white space and ends
/// right after it.
pub(super) struct Reader<'a> {
    json: &'a str,
    at: usize,
    depth: u32,
}

/// A number as it is written.
pub(super) enum Number {
    Natural(u64),
    Negative(i64),
    Real(f64),
}

impl<'a> Reader<'a> {
    pub(super) fn new(json: &'a str) -> Self {
        Self {
            json,
            at: 0,
            depth: 0,
        }
    }

    #[cold]
    pub(super) fn wrong(&self, expected: &str) -> Unreadable {
        Unreadable(format!("expected {expected} at byte {}", self.at))
    }

    fn byte(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space.
    #[inline(never)]
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    #[inline(never)]
    pub(super) fn take(&mut self, byte: u8, expected: &str) -> Result<(), Unreadable> {
        if self.peek() != Some(byte) {
            return Err(self.wrong(expected));
        }
        self.at += 1;
        Ok(())
    }

    #[inline(never)]
    fn word(&mut self, word: &str) -> Result<(), Unreadable> {
        if !self.json.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.wrong(word));
        }
        self.at += word.len();
        Ok(())
    }

    #[inline(never)]
    pub(super) fn boolean(&mut self) -> Result<bool, Unreadable> {
        let value = self.peek() == Some(b't');
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    #[inline(never)]
    pub(super) fn null(&mut self) -> Result<(), Unreadable> {
        self.peek();
        self.word("null")
    }

    #[inline(never)]
    pub(super) fn string(&mut self) -> Result<String, Unreadable> {
        self.take(b'"', "a string")?;
        let mut text = String::new();
        loop {
            let begin = self.at;
            while !matches!(self.byte(), None | Some(b'"' | b'\\' | ..=0x1f)) {
                self.at += 1;
            }
            text.push_str(&self.json[begin..self.at]);
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escaped()?);
                }
                _ => return Err(self.wrong("the end of a string")),
            }
        }
    }

    /// The character that is written after a `\`.
    fn escaped(&mut self) -> Result<char, Unreadable> {
        let Some(escape) = self.byte() else {
            return Err(self.wrong("a character"));
        };
        let character = match escape {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'"' | b'\\' | b'/' => char::from(escape),
            b'u' => {
                self.at += 1;
                return self.coded();
            }
            _ => return Err(self.wrong("an escape")),
        };
        self.at += 1;
        Ok(character)
    }

    /// The character whose number in UTF-16 is written after `\u`; beyond the
    /// first 65,536 a second half follows.
    fn coded(&mut self) -> Result<char, Unreadable> {
        let mut code = self.four_digits()?;
        if (0xd800..0xdc00).contains(&code) {
            self.word("\\u")?;
            let low = self.four_digits()?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(self.wrong("the second half of a character"));
            }
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        char::from_u32(code).ok_or_else(|| self.wrong("a character"))
    }

    fn four_digits(&mut self) -> Result<u32, Unreadable> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|it| char::from(it).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.wrong("a hexadecimal digit"))?;
            self.at += 1;
        }
        Ok(code)
    }

    #[inline(never)]
    pub(super) fn number(&mut self) -> Result<Number, Unreadable> {
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let leading_zero = self.byte() == Some(b'0');
        let mut significand = 0;
        let (count, mut exponent) = self.digits(&mut significand)?;
        if leading_zero && count > 1 {
            return Err(self.wrong("a number that does not begin with 0"));
        }
        let mut whole = exponent == 0;
        if self.byte() == Some(b'.') {
            self.at += 1;
            whole = false;
            // With no room left for digits, those after the point are none either.
            let (count, dropped) = if exponent == 0 {
                self.digits(&mut significand)?
            } else {
                let count = self.digits(&mut 0)?.0;
                (count, count)
            };
            exponent += dropped - count;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            whole = false;
            let down = self.byte() == Some(b'-');
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            let mut power = 0;
            self.digits(&mut power)?;
            let power = i32::try_from(power).unwrap_or(i32::MAX);
            exponent = exponent.saturating_add(if down { -power } else { power });
        }
        let integer = 0_i64.checked_sub_unsigned(significand);
        match integer.filter(|_| negative && whole) {
            Some(integer) => Ok(Number::Negative(integer)),
            None if whole && !negative => Ok(Number::Natural(significand)),
            None => {
                let value = scaled(significand, exponent);
                if value.is_infinite() {
                    return Err(self.wrong("a smaller number"));
                }
                Ok(Number::Real(if negative { -value } else { value }))
            }
        }
    }

    /// Appends digits to `number` as long as it has room; how many there are,
    /// and how many of them were dropped.
    fn digits(&mut self, number: &mut u64) -> Result<(i32, i32), Unreadable> {
        let (mut count, mut dropped) = (0, 0);
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            self.at += 1;
            count += 1;
            let longer = number
                .checked_mul(10)
                .and_then(|it| it.checked_add(u64::from(digit - b'0')));
            match longer {
                Some(longer) if dropped == 0 => *number = longer,
                _ => dropped += 1,
            }
        }
        match count {
            0 => Err(self.wrong("a digit")),
            _ => Ok((count, dropped)),
        }
    }

    /// Passes over a value.
    #[inline(never)]
    pub(super) fn skip(&mut self) -> Result<(), Unreadable> {
        match self.peek() {
            Some(b'n') => self.null(),
            Some(b't' | b'f') => self.boolean().map(|_| ()),
            Some(b'"') => self.string().map(|_| ()),
            Some(begin @ (b'[' | b'{')) => {
                let end = begin + 2;
                self.enter(begin)?;
                let mut first = true;
                while self.goes_on(&mut first, end)? {
                    if begin == b'{' {
                        self.string()?;
                        self.take(b':', "a colon")?;
                    }
                    self.skip()?;
                }
                self.leave(end)
            }
            _ => self.number().map(|_| ()),
        }
    }

    #[inline(never)]
    pub(super) fn enter(&mut self, begin: u8) -> Result<(), Unreadable> {
        let what = if begin == b'{' {
            "an object"
        } else {
            "an array"
        };
        self.take(begin, what)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("fewer levels"));
        }
        Ok(())
    }

    /// Whether one more part of an array or object follows.
    #[inline(never)]
    pub(super) fn goes_on(&mut self, first: &mut bool, end: u8) -> Result<bool, Unreadable> {
        if self.peek() == Some(end) {
            return Ok(false);
        }
        if !std::mem::take(first) {
            self.take(b',', "a comma")?;
        }
        Ok(true)
    }

    #[inline(never)]
    pub(super) fn leave(&mut self, end: u8) -> Result<(), Unreadable> {
        self.depth -= 1;
        self.take(end, "the end of an array or object")
    }
}

/// `significand` times the power of ten: exact for what people write, and
/// near enough for the rest.
fn scaled(significand: u64, exponent: i32) -> f64 {
    /// The powers of ten up to this one are exact.
    const EXACT: u32 = 22;
    let mut value = significand as f64;
    let mut left = exponent.unsigned_abs();
    while left > 0 && value != 0.0 && value.is_finite() {
        let step = left.min(EXACT);
        let scale = (0..step).fold(1.0, |scale, _| scale * 10.0);
        if exponent < 0 {
            value /= scale;
        } else {
            value *= scale;
        }
        left -= step;
    }
    value
}
