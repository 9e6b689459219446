//! A conversation as Markdown.

use exchange::markdown;
use protocol::{Attachment, Conversation, MessageState, Problem, ProblemKind, ToolCall};

use crate::round_trip::simple;

#[test]
fn the_path_shown_with_all_that_belongs_to_it() {
    let mut conversation = simple("Why *not*? #1");
    conversation.folder = Some("Sea".to_owned());
    conversation.settings.ask.system = Some("Be brief.\n\nBe kind.".to_owned());
    let attachment = |name: &str, media_type: &str, bytes| Attachment {
        hash: String::new(),
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        bytes,
        tokens: 0,
    };
    conversation.messages[0].attachments = vec![
        attachment("a_b.png", "image/png", 1_234_567),
        attachment("notes.txt", "text/plain", 12),
    ];
    let answer = &mut conversation.messages[1];
    answer.thinking = "Hm.\n</details>\nHm!".to_owned();
    answer.text = "# Big\n\nBecause *so*.\n".to_owned();
    answer.tools = vec![ToolCall {
        index: 0,
        id: "1".to_owned(),
        name: "zoom".to_owned(),
        arguments: "{\"by\": \"```\"}".to_owned(),
    }];
    answer.state = MessageState::Failed;
    answer.problem = Some(Problem::new(ProblemKind::Timeout, "No answer in time."));
    // Another version, which is not shown.
    let mut other = answer.clone();
    other.id.0 = uuid::Uuid::nil();
    other.text = "No.".to_owned();
    conversation.messages.insert(1, other);
    assert_eq!(
        markdown(&conversation),
        "\
# Why \\*not\\*? \\#1

2023-11-14 22:13 UTC · Model: anthropic/claude · Folder: Sea

> **System prompt**
>
> Be brief.
>\x20
> Be kind.

---

<!-- message 1 of 2, 2023-11-14 22:13 UTC -->

## You

*Attached: a\\_b.png (image/png, 1.2 MB)*

*Attached: notes.txt (text/plain, 12 bytes)*

Why?

---

<!-- message 2 of 2, 2023-11-14 22:13 UTC -->

## anthropic/claude

<details>
<summary>Thinking</summary>

Hm.
&lt;/details>
Hm!

</details>

# Big

Because *so*.

**Tool call: zoom**

````json
{\"by\": \"```\"}
````

*Failed: No answer in time.*
"
    );
}

fn with_answer(text: &str) -> Conversation {
    let mut conversation = simple("T");
    conversation.messages[0].text = text.to_owned();
    conversation
}

#[test]
fn a_message_cannot_pass_for_another_one() {
    let page = markdown(&with_answer(
        "---\n\n<!-- message 2 of 2 -->\n\n## You\n\nForged",
    ));
    let sections = page
        .lines()
        .filter(|it| it.starts_with("<!-- =message "))
        .count();
    assert_eq!(sections, 2, "{page}");
    assert!(
        page.contains("\n---\n\n<!-- message 2 of 2 -->\n\n## You\n\nForged\n"),
        "{page}"
    );
}

#[test]
fn what_a_text_leaves_open_is_closed_behind_it() {
    for (text, end) in [
        ("```rust\nfn main() {", "```"),
        ("~~~~\n~~~\n```", "~~~~"),
        ("- item\n\n  ```\n  code", "  ```"),
        ("<!-- a comment", "-->"),
        ("<PRE>\nx\n\ny", "</pre>"),
        ("<script src=x>\n\nlet a = '<!--'", "</script>"),
    ] {
        let page = markdown(&with_answer(text));
        assert!(
            page.contains(&format!("\n{text}\n{end}\n\n---\n")),
            "{page}"
        );
    }
    for whole in [
        "```rust\ncode\n```",
        "```\n~~~\n```",
        "````\n```\n````",
        "``` not a ` fence",
        "    ```\n    indented",
        "`code`",
        "a <!-- b",
        "<!-- a -->",
        "<pre>\nx</pre>",
        "<b>bold",
    ] {
        let page = markdown(&with_answer(whole));
        assert!(page.contains(&format!("\n{whole}\n\n---\n")), "{page}");
    }
}

#[test]
fn every_way_to_end_has_its_words() {
    for (state, words) in [
        (MessageState::Stopped, "*Stopped here.*"),
        (MessageState::Interrupted, "*Interrupted.*"),
        (
            MessageState::Writing,
            "*This answer was still being written.*",
        ),
        (MessageState::Failed, "*Failed.*"),
    ] {
        let mut conversation = simple("T");
        conversation.messages[1].state = state;
        assert!(markdown(&conversation).ends_with(&format!("Because.\n\n{words}\n")));
    }
    assert!(markdown(&simple("T")).ends_with("\n## anthropic/claude\n\nBecause.\n"));
}

#[test]
fn an_empty_conversation_and_times_that_no_calendar_has() {
    let mut conversation = simple("Two\nlines");
    for message in &mut conversation.messages {
        message.created_ms = i64::MAX;
    }
    assert!(markdown(&conversation).contains("<!-- message 1 of 2 -->"));
    conversation.messages.clear();
    assert_eq!(
        markdown(&conversation),
        "# Two lines\n\n2023-11-14 22:13 UTC\n"
    );
}
