//! Ends an answer at a stop sequence, for models that do not take any.

/// Looks for stop sequences in text as it comes.
#[derive(Debug)]
pub(crate) struct StopWords {
    words: Vec<String>,
    /// What might be the beginning of one.
    held: String,
}

impl StopWords {
    /// Stops at the first of these; `None` where there is nothing to stop at.
    pub(crate) fn new(words: &[String]) -> Option<Self> {
        let words: Vec<String> = words.iter().filter(|it| !it.is_empty()).cloned().collect();
        (!words.is_empty()).then_some(Self {
            words,
            held: String::new(),
        })
    }

    /// The text that can be shown now, and whether a sequence came behind it.
    pub(crate) fn push(&mut self, text: &str) -> (String, bool) {
        self.held.push_str(text);
        let found = self.words.iter().filter_map(|word| self.held.find(word));
        if let Some(at) = found.min() {
            let mut shown = std::mem::take(&mut self.held);
            shown.truncate(at);
            return (shown, true);
        }
        let keep = self
            .held
            .char_indices()
            .map(|(at, _)| at)
            .find(|&at| {
                let rest = &self.held[at..];
                self.words.iter().any(|word| word.starts_with(rest))
            })
            .unwrap_or(self.held.len());
        let rest = self.held.split_off(keep);
        (std::mem::replace(&mut self.held, rest), false)
    }

    /// What was held back, when the answer has ended.
    pub(crate) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_ends_before_the_first_sequence_however_it_comes() {
        for (words, text, expected) in [
            (vec!["END"], "one ENDless EN", ("one ", true)),
            (vec!["END"], "one EN two E", ("one EN two E", false)),
            (vec!["\n\n", "b"], "a\n\nb", ("a", true)),
            (vec!["ää"], "xäyää", ("xäy", true)),
        ] {
            let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
            for step in 1..6 {
                let mut stop = StopWords::new(&words).unwrap();
                let (mut shown, mut met) = (String::new(), false);
                for piece in text.chars().collect::<Vec<_>>().chunks(step) {
                    let (more, end) = stop.push(&piece.iter().collect::<String>());
                    shown.push_str(&more);
                    met = end;
                    if met {
                        break;
                    }
                }
                if !met {
                    shown.push_str(&stop.finish());
                }
                assert_eq!((shown.as_str(), met), expected, "{text} by {step}");
            }
        }
        assert!(StopWords::new(&[String::new()]).is_none());
    }
}
