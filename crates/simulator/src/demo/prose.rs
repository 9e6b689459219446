//! Plain prose of any length, put together from prepared sentences.

/// Sentences, one a line; lines that begin with `#` are comments.
const SENTENCES: &str = include_str!("../../content/novel.txt");

/// What every text begins with.
const LABEL: &str = "Simulated text, put together from sentences written in advance.";

/// What fills the places in the sentences.
const PEOPLE: [&str; 7] = [
    "Anna",
    "old Piet",
    "the miller",
    "Ines",
    "the ferryman",
    "Jonas",
    "her brother",
];
const PLACES: [&str; 6] = [
    "the bridge",
    "the upper meadow",
    "the spring",
    "the mill pond",
    "the chapel",
    "the far bank",
];
const THINGS: [&str; 8] = [
    "a tin box",
    "the blue lantern",
    "a pair of boots",
    "the brass bell",
    "a broken oar",
    "the green coat",
    "a basket of plums",
    "the map",
];

/// Sentences in a paragraph.
const PARAGRAPH: usize = 5;

/// Exactly so many words, in sentences and paragraphs.
pub(super) fn words(count: u64) -> String {
    let sentences: Vec<&str> = SENTENCES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let mut text = String::new();
    let mut left = count;
    let mut index = 0;
    while left > 0 {
        let sentence = if index == 0 {
            LABEL.to_owned()
        } else {
            // A step that shares no factor with the number of sentences visits
            // all of them; another start in each round varies the pairs.
            let round = index / sentences.len();
            fill(sentences[(index * 7 + round) % sentences.len()], index)
        };
        if index > 0 {
            text.push_str(if index % PARAGRAPH == 0 { "\n\n" } else { " " });
        }
        left -= push_words(&mut text, &sentence, left);
        index += 1;
    }
    text
}

/// Appends a sentence, or its first `most` words with a full stop. Says how
/// many words that were.
fn push_words(text: &mut String, sentence: &str, most: u64) -> u64 {
    let total = sentence.split(' ').count() as u64;
    if total <= most {
        text.push_str(sentence);
        return total;
    }
    let kept: Vec<&str> = sentence.split(' ').take(most as usize).collect();
    let kept = kept.join(" ");
    text.push_str(kept.trim_end_matches([',', '.', '"']));
    // A quotation that was opened is closed.
    text.push_str(if kept.matches('"').count() == 1 {
        ".\""
    } else {
        "."
    });
    most
}

/// A sentence with its places filled.
fn fill(sentence: &str, index: usize) -> String {
    let filled = sentence
        .replace("{person}", PEOPLE[index * 3 % PEOPLE.len()])
        .replace("{place}", PLACES[index * 5 % PLACES.len()])
        .replace("{thing}", THINGS[index * 3 % THINGS.len()]);
    // A name at the beginning may be a plain noun.
    let mut characters = filled.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => filled,
    }
}
