//! Conversations as files to keep, written while they are sent.

use std::io::{self, BufWriter, Write};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
};
use bytes::Bytes;
use exchange::{JsonWriter, MarkdownArchive, file_name, markdown};
use futures::stream;
use jiff::{Timestamp, tz::Offset};
use protocol::{Conversation, ConversationId, Preset, Problem, ProblemKind};
use serde::Deserialize;
use tokio::{runtime::Handle, sync::mpsc};

use super::{
    AppState, HttpProblem,
    body::{IdPath, QueryOf},
    disposition, now_ms,
};

/// How many bytes go out at once, and how often that may wait for the caller.
const PIECE: usize = 64 * 1024;
const WAITING: usize = 4;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Json,
    Markdown,
}

/// One conversation.
pub(super) async fn one(
    State(state): State<AppState>,
    IdPath(id): IdPath<ConversationId>,
    QueryOf(Asked { format }): QueryOf<Asked>,
) -> Result<(HeaderMap, Body), HttpProblem> {
    let conversation = state.engine.conversation(id).await?;
    let name = file_name(&conversation.title);
    Ok(match format {
        Format::Markdown => (
            headers("text/markdown; charset=utf-8", &format!("{name}.md")),
            Body::from(markdown(&conversation)),
        ),
        Format::Json => (
            headers("application/json", &format!("{name}.json")),
            streamed(state, move |library, to| {
                library.json(to, &[], [Ok(conversation)])
            }),
        ),
    })
}

/// All conversations but the temporary ones: as one JSON file, or as a ZIP of
/// Markdown files.
pub(super) async fn all(
    State(state): State<AppState>,
    QueryOf(Asked { format }): QueryOf<Asked>,
) -> Result<(HeaderMap, Body), HttpProblem> {
    let mut list = state.store.conversations().await?;
    list.retain(|summary| !summary.temporary);
    let ids: Vec<_> = list.into_iter().map(|summary| summary.id).collect();
    let day = Timestamp::from_millisecond(now_ms()).unwrap_or_default();
    let day = Offset::UTC.to_datetime(day).date();
    Ok(match format {
        Format::Json => {
            let presets = state.store.presets().await?;
            (
                headers("application/json", &format!("rivulet-{day}.json")),
                streamed(state, move |library, to| {
                    library.json(to, &presets, library.read(&ids))
                }),
            )
        }
        Format::Markdown => (
            headers("application/zip", &format!("rivulet-{day}.zip")),
            streamed(state, move |library, to| library.archive(to, &ids)),
        ),
    })
}

fn headers(content_type: &'static str, name: &str) -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_DISPOSITION, disposition::saved(name)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ])
}

type Pieces = BufWriter<Outlet>;

/// A body with something of the library.
fn streamed(
    state: AppState,
    write: impl FnOnce(&Library, Pieces) -> io::Result<()> + Send + 'static,
) -> Body {
    let library = Library {
        state,
        runtime: Handle::current(),
    };
    written(move |to| write(&library, to))
}

/// A body that is written on a thread of its own, no faster than it is read.
/// Where that fails, in whatever way, the connection breaks off, so that part of
/// a file never looks like all of it.
fn written(write: impl FnOnce(Pieces) -> io::Result<()> + Send + 'static) -> Body {
    let (sender, pieces) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let to = BufWriter::with_capacity(PIECE, Outlet(sender.clone()));
        let last = match write(to) {
            Ok(()) => Piece::Done,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                tracing::debug!("whoever asked for an export has gone");
                return;
            }
            Err(error) => {
                tracing::error!(%error, "an export broke off");
                return;
            }
        };
        // Fails only when the caller has gone, too.
        drop(sender.blocking_send(last));
    });
    Body::from_stream(stream::unfold(Some(pieces), async |pieces| {
        let mut pieces = pieces?;
        match pieces.recv().await {
            Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(pieces))),
            Some(Piece::Done) => None,
            None => Some((Err(io::Error::other("the export broke off")), None)),
        }
    }))
}

/// What is sent of a file.
enum Piece {
    Bytes(Bytes),
    /// That was all.
    Done,
}

/// Where the pieces go.
struct Outlet(mpsc::Sender<Piece>);

impl Write for Outlet {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let bytes = Bytes::copy_from_slice(piece);
        let sent = self.0.blocking_send(Piece::Bytes(bytes));
        sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The conversations, read where waiting for them holds nothing up.
struct Library {
    state: AppState,
    runtime: Handle,
}

impl Library {
    /// These conversations, each read when it is its turn; one that was
    /// deleted meanwhile is passed over.
    fn read(&self, ids: &[ConversationId]) -> impl Iterator<Item = io::Result<Conversation>> {
        let read = |id: &ConversationId| {
            if self.state.shutdown.is_cancelled() {
                return Some(Err(io::Error::other("the server is shutting down")));
            }
            match self.runtime.block_on(self.state.engine.conversation(*id)) {
                Err(Problem {
                    kind: ProblemKind::NotFound,
                    ..
                }) => None,
                read => Some(read.map_err(io::Error::other)),
            }
        };
        ids.iter().filter_map(read)
    }

    fn json(
        &self,
        to: Pieces,
        presets: &[Preset],
        conversations: impl IntoIterator<Item = io::Result<Conversation>>,
    ) -> io::Result<()> {
        let mut file = JsonWriter::new(to, now_ms(), presets)?;
        for conversation in conversations {
            file.conversation(&conversation?)?;
        }
        for attachment in file.attachments() {
            let store = &self.state.store;
            match self.runtime.block_on(store.attachment(&attachment.hash)) {
                Ok(stored) => file.attachment(&attachment, &stored.bytes)?,
                Err(store::Error::NotFound(_)) => {}
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        file.finish()?.flush()
    }

    fn archive(&self, to: Pieces, ids: &[ConversationId]) -> io::Result<()> {
        let mut archive = MarkdownArchive::new(to);
        for conversation in self.read(ids) {
            archive.conversation(&conversation?)?;
        }
        archive.finish()?.flush()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn part_of_a_file_never_looks_like_all_of_it() {
        let whole = written(|mut to| {
            to.write_all(b"all of it")?;
            to.flush()
        });
        assert_eq!(to_bytes(whole, 100).await.unwrap(), "all of it");
        let failed = written(|mut to| {
            to.write_all(b"a part")?;
            to.flush()?;
            Err(io::Error::other("no more"))
        });
        to_bytes(failed, 100).await.unwrap_err();
        let faulty = written(|mut to| {
            to.write_all(b"a part")?;
            to.flush()?;
            panic!("as a fault in the writer would")
        });
        to_bytes(faulty, 100).await.unwrap_err();
    }
}
