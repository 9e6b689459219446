//! What a demo model says of what was sent with a question: it cannot see or
//! read, but it can measure.

use crate::sight::Image;

/// A text file that stands before a question between fences.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File<'a> {
    name: &'a str,
    content: &'a str,
}

/// Parts a question from the files before it. Each is `File "name":` and a
/// block of code.
pub(super) fn split(mut question: &str) -> (Vec<File<'_>>, &str) {
    let mut files = Vec::new();
    while let Some((file, rest)) = file(question) {
        files.push(file);
        question = rest;
    }
    (files, question)
}

fn file(question: &str) -> Option<(File<'_>, &str)> {
    let (name, rest) = question.strip_prefix("File \"")?.split_once("\":\n")?;
    let (fence, rest) = rest.split_once('\n')?;
    let is_fence = fence.len() >= 3 && fence.bytes().all(|byte| byte == b'`');
    if name.contains('\n') || !is_fence {
        return None;
    }
    let (content, rest) = rest.split_once(&format!("\n{fence}"))?;
    let rest = match rest.strip_prefix('\n') {
        Some(rest) => rest,
        None if rest.is_empty() => rest,
        None => return None,
    };
    Some((File { name, content }, rest))
}

/// What there is to say of files and images; `None` where there are none.
pub(super) fn describe(files: &[File<'_>], images: &[Image]) -> Option<String> {
    if files.is_empty() && images.is_empty() {
        return None;
    }
    let mut text = "*This is a simulation. It cannot look at pictures or read files, but it can \
        tell what reached it:*\n"
        .to_owned();
    for image in images {
        text.push_str("\n- I see ");
        text.push_str(&of_image(image));
    }
    for file in files {
        let lines = file.content.lines().count();
        let (bytes, name) = (file.content.len(), file.name.replace('`', "'"));
        text.push_str(&format!(
            "\n- I see the text file `{name}`: {lines} {}, {bytes} bytes.",
            if lines == 1 { "line" } else { "lines" }
        ));
    }
    text.push_str("\n\nA real model would look at them and answer your question.");
    Some(text)
}

fn of_image(image: &Image) -> String {
    let kind = match image.media_type.strip_prefix("image/") {
        Some(kind) => format!(" ({})", kind.to_uppercase()),
        None => String::new(),
    };
    match (image.pixels, image.bytes) {
        (Some((width, height)), bytes) => {
            format!("an image of {width}×{height} pixels{kind}, {bytes} bytes.")
        }
        (None, 0) => "the address of an image, which I do not open.".to_owned(),
        (None, bytes) => format!("an image whose size I cannot tell{kind}, {bytes} bytes."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_parted_from_the_question() {
        let file = |name, content| File { name, content };
        for (question, files, rest) in [
            ("Why?", vec![], "Why?"),
            (
                "File \"a.txt\":\n```\none\ntwo\n```\nWhy?",
                vec![file("a.txt", "one\ntwo")],
                "Why?",
            ),
            (
                "File \"a\":\n````\n```\n````\nFile \"b\":\n```\n\n```",
                vec![file("a", "```"), file("b", "")],
                "",
            ),
            ("File \"a\": what?", vec![], "File \"a\": what?"),
        ] {
            assert_eq!(split(question), (files, rest), "{question}");
        }
    }
}
