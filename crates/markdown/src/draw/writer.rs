//! Writes the HTML of one top-level block after the other.

use std::ops::Range;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, LinkType, Tag, TagEnd};

use super::language;
use crate::Enricher;
use crate::html::{SafeHtml, push_code, push_escaped};
use crate::link;
use crate::math::Formula;

/// Takes events in order; everything it writes is escaped or its own.
pub(super) struct Writer<'a> {
    source: &'a str,
    formulas: &'a [Formula],
    enricher: Option<&'a dyn Enricher>,
    /// For each formula, how many of its covered bytes came out as text.
    seen: Vec<usize>,
    out: String,
    /// Text not yet written: a bare address may go on in the next event.
    text: String,
    code: Option<Code>,
    image: Option<Image>,
    /// Whether the paragraph being read is one display formula and drawn.
    formula_paragraph: bool,
    /// For each open link, whether an anchor was written for it.
    anchors: Vec<bool>,
    alignments: Vec<Alignment>,
    cell: usize,
    in_table_head: bool,
}

struct Code {
    language: String,
    source: String,
}

struct Image {
    url: String,
    title: String,
    alt: String,
    /// Images within its description.
    depth: usize,
}

impl<'a> Writer<'a> {
    /// `formulas` are those of `source`, in order.
    pub(super) fn new(
        source: &'a str,
        formulas: &'a [Formula],
        enricher: Option<&'a dyn Enricher>,
    ) -> Self {
        Writer {
            source,
            formulas,
            enricher,
            seen: vec![0; formulas.len()],
            out: String::new(),
            text: String::new(),
            code: None,
            image: None,
            formula_paragraph: false,
            anchors: Vec::new(),
            alignments: Vec::new(),
            cell: 0,
            in_table_head: false,
        }
    }

    /// The block that just ended.
    pub(super) fn take_block(&mut self) -> SafeHtml {
        self.write_text();
        SafeHtml::trusted(std::mem::take(&mut self.out))
    }

    /// The numbers of the formulas that did not come out as text, of those
    /// that stand at or after `from`.
    pub(super) fn wrong_formulas(&self, from: usize) -> Vec<usize> {
        let wrong = |number: &usize| {
            let formula = &self.formulas[*number];
            formula.range.start >= from && self.seen[*number] != formula.covered()
        };
        (0..self.formulas.len()).filter(wrong).collect()
    }

    pub(super) fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        if self.formula_paragraph {
            self.formula_paragraph = event != Event::End(TagEnd::Paragraph);
            return;
        }
        if let Event::Text(text) = event {
            self.text(&text, range);
            return;
        }
        if self.image.is_some() {
            self.event_in_image(event, &range);
            return;
        }
        self.write_text();
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Code(code) => {
                self.out.push_str("<code>");
                push_escaped(&mut self.out, &code);
                self.out.push_str("</code>");
            }
            Event::Html(html) | Event::InlineHtml(html) => push_escaped(&mut self.out, &html),
            Event::FootnoteReference(label) => self.footnote_reference(&label),
            // A line break inside a formula is part of its source.
            Event::SoftBreak if self.formula_at(range.start).is_some() => {}
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out.push_str("<br>\n"),
            Event::Rule => self.out.push_str("<hr>"),
            Event::TaskListMarker(done) => self.out.push_str(if done {
                r#"<input type="checkbox" disabled checked aria-label="Done"> "#
            } else {
                r#"<input type="checkbox" disabled aria-label="Not done"> "#
            }),
            // Text is handled above; the parser's own mathematics is off.
            Event::Text(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    fn text(&mut self, text: &str, range: Range<usize>) {
        if let Some(code) = &mut self.code {
            code.source.push_str(text);
            return;
        }
        // Text that covers part of a formula stands in the source letter for
        // letter, so offsets into one are offsets into the other.
        let start = range.start;
        let mut at = start;
        let first = self
            .formulas
            .partition_point(|formula| formula.range.end <= start);
        for number in first..self.formulas.len() {
            let formula = &self.formulas[number];
            if formula.range.start >= range.end {
                break;
            }
            if formula.range.start > at {
                self.push_text(&text[at - start..formula.range.start - start]);
            }
            let end = formula.range.end.min(range.end);
            self.seen[number] += end - at.max(formula.range.start);
            if formula.range.start >= start {
                self.formula(number);
            }
            at = end;
        }
        self.push_text(&text[at - start..]);
    }

    fn push_text(&mut self, text: &str) {
        match &mut self.image {
            Some(image) => image.alt.push_str(text),
            None => self.text.push_str(text),
        }
    }

    fn formula(&mut self, number: usize) {
        let formula = &self.formulas[number];
        if let Some(image) = &mut self.image {
            image.alt.push_str(&formula.source);
            return;
        }
        self.write_text();
        formula.push_html(&mut self.out, "span", self.enricher);
    }

    fn formula_at(&self, at: usize) -> Option<usize> {
        let number = self
            .formulas
            .partition_point(|formula| formula.range.end <= at);
        let formula = self.formulas.get(number)?;
        (formula.range.start <= at).then_some(number)
    }

    /// Writes the text gathered so far.
    fn write_text(&mut self) {
        if self.anchors.contains(&true) {
            push_escaped(&mut self.out, &self.text);
        } else {
            link::push_linkified(&mut self.out, &self.text);
        }
        self.text.clear();
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Paragraph => match self.only_formula(&range) {
                Some(number) => {
                    self.formulas[number].push_html(&mut self.out, "div", self.enricher);
                    self.seen[number] = self.formulas[number].covered();
                    self.formula_paragraph = true;
                }
                None => self.out.push_str("<p>"),
            },
            Tag::Heading { level, .. } => {
                self.out.push('<');
                self.out.push_str(&level.to_string());
                self.out.push('>');
            }
            Tag::BlockQuote(_) => self.out.push_str("<blockquote>"),
            Tag::CodeBlock(kind) => {
                let language = match &kind {
                    CodeBlockKind::Fenced(info) => language(info).to_owned(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some(Code {
                    language,
                    source: String::new(),
                });
            }
            Tag::HtmlBlock => self.out.push_str(r#"<p class="raw-html">"#),
            Tag::List(Some(1)) => self.out.push_str("<ol>"),
            Tag::List(Some(first)) => {
                self.out.push_str(&format!("<ol start=\"{first}\">"));
            }
            Tag::List(None) => self.out.push_str("<ul>"),
            Tag::Item => self.out.push_str("<li>"),
            Tag::FootnoteDefinition(label) => {
                self.out.push_str(r#"<div class="footnote" id="footnote-"#);
                push_footnote_id(&mut self.out, &label);
                self.out.push_str(r#""><sup>"#);
                push_escaped(&mut self.out, &label);
                self.out.push_str("</sup> ");
            }
            Tag::Table(alignments) => {
                self.alignments = alignments;
                self.out.push_str(
                    r#"<div class="table-scroll" tabindex="0" role="region" aria-label="Table"><table>"#,
                );
            }
            Tag::TableHead => {
                self.in_table_head = true;
                self.cell = 0;
                self.out.push_str("<thead><tr>");
            }
            Tag::TableRow => {
                self.cell = 0;
                self.out.push_str("<tr>");
            }
            Tag::TableCell => {
                self.out.push_str(if self.in_table_head {
                    "<th scope=\"col\""
                } else {
                    "<td"
                });
                self.out.push_str(match self.alignments.get(self.cell) {
                    Some(Alignment::Left) => r#" class="align-left">"#,
                    Some(Alignment::Center) => r#" class="align-center">"#,
                    Some(Alignment::Right) => r#" class="align-right">"#,
                    Some(Alignment::None) | None => ">",
                });
            }
            Tag::Emphasis => self.out.push_str("<em>"),
            Tag::Strong => self.out.push_str("<strong>"),
            Tag::Strikethrough => self.out.push_str("<del>"),
            Tag::Link {
                link_type,
                dest_url,
                title,
                ..
            } => {
                let url = match link_type {
                    LinkType::Email => format!("mailto:{dest_url}"),
                    _ => dest_url.into_string(),
                };
                let allowed = link::allowed(&url);
                if let Some(url) = allowed {
                    link::push_anchor(&mut self.out, url, &title, None);
                }
                self.anchors.push(allowed.is_some());
            }
            Tag::Image {
                dest_url, title, ..
            } => {
                self.image = Some(Image {
                    url: dest_url.into_string(),
                    title: title.into_string(),
                    alt: String::new(),
                    depth: 0,
                });
            }
            // These belong to extensions that are off.
            Tag::Superscript
            | Tag::Subscript
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.out.push_str("</p>"),
            TagEnd::Heading(level) => {
                self.out.push_str("</");
                self.out.push_str(&level.to_string());
                self.out.push('>');
            }
            TagEnd::BlockQuote(_) => self.out.push_str("</blockquote>"),
            TagEnd::CodeBlock => {
                if let Some(Code { language, source }) = self.code.take() {
                    let enriched = self
                        .enricher
                        .and_then(|enricher| enricher.code(&language, &source));
                    push_code(&mut self.out, &language, &source, enriched.as_ref());
                }
            }
            TagEnd::List(true) => self.out.push_str("</ol>"),
            TagEnd::List(false) => self.out.push_str("</ul>"),
            TagEnd::Item => self.out.push_str("</li>"),
            TagEnd::FootnoteDefinition => self.out.push_str("</div>"),
            TagEnd::Table => self.out.push_str("</tbody></table></div>"),
            TagEnd::TableHead => {
                self.in_table_head = false;
                self.out.push_str("</tr></thead><tbody>");
            }
            TagEnd::TableRow => self.out.push_str("</tr>"),
            TagEnd::TableCell => {
                self.out
                    .push_str(if self.in_table_head { "</th>" } else { "</td>" });
                self.cell += 1;
            }
            TagEnd::Emphasis => self.out.push_str("</em>"),
            TagEnd::Strong => self.out.push_str("</strong>"),
            TagEnd::Strikethrough => self.out.push_str("</del>"),
            TagEnd::Link => {
                if self.anchors.pop() == Some(true) {
                    self.out.push_str("</a>");
                }
            }
            TagEnd::Image
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    /// Gathers an image's description as plain text; draws a link at its end.
    fn event_in_image(&mut self, event: Event<'_>, range: &Range<usize>) {
        let within_formula = self.formula_at(range.start).is_some();
        let Some(image) = &mut self.image else { return };
        match event {
            Event::Start(Tag::Image { .. }) => image.depth += 1,
            Event::End(TagEnd::Image) if image.depth > 0 => image.depth -= 1,
            Event::End(TagEnd::Image) => self.end_image(),
            Event::Code(text) | Event::InlineHtml(text) => image.alt.push_str(&text),
            Event::SoftBreak | Event::HardBreak if !within_formula => image.alt.push(' '),
            _ => {}
        }
    }

    fn end_image(&mut self) {
        self.write_text();
        let Some(image) = self.image.take() else {
            return;
        };
        let url = link::allowed(&image.url).filter(|_| !self.anchors.contains(&true));
        let alt = match url {
            Some(url) if image.alt.trim().is_empty() => url,
            _ => &image.alt,
        };
        if let Some(url) = url {
            link::push_anchor(&mut self.out, url, &image.title, Some("image-link"));
        }
        push_escaped(&mut self.out, alt);
        if url.is_some() {
            self.out.push_str("</a>");
        }
    }

    fn footnote_reference(&mut self, label: &str) {
        self.out.push_str(r#"<sup class="footnote-reference">"#);
        let anchor = !self.anchors.contains(&true);
        if anchor {
            self.out.push_str("<a href=\"#footnote-");
            push_footnote_id(&mut self.out, label);
            self.out.push_str("\">");
        }
        push_escaped(&mut self.out, label);
        self.out
            .push_str(if anchor { "</a></sup>" } else { "</sup>" });
    }

    /// The display formula that a paragraph consists of.
    fn only_formula(&self, paragraph: &Range<usize>) -> Option<usize> {
        let number = self.formula_at(paragraph.start)?;
        let formula = &self.formulas[number];
        let rest = self.source.get(formula.range.end..paragraph.end)?;
        let alone = formula.range.start == paragraph.start && rest.trim().is_empty();
        (formula.display && alone).then_some(number)
    }
}

/// Labels may hold anything; an id may not hold white space.
fn push_footnote_id(out: &mut String, label: &str) {
    out.extend(
        label
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '-' }),
    );
}
