//! Taking in files of conversations.

use std::collections::{HashMap, HashSet};

use axum::{
    Json,
    extract::{Request, State},
};
use bytes::Bytes;
use exchange::{Imported, Limits};
use protocol::{
    Attachment, Conversation, ConversationSettings, Preset, Problem, ProblemKind, api::ImportReport,
};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{
    AppState, HttpProblem,
    attachments::{self, Refusal},
    body, now_ms, presets,
};

/// How many times its size a ZIP may unpack to, where it is as large as may be.
const UNPACKED: u64 = 5;

/// The most presets of one file.
const MOST_PRESETS: usize = 1_000;

/// Reads a file and stores what is in it, conversation by conversation.
pub(super) async fn import(
    State(state): State<AppState>,
    request: Request,
) -> Result<Json<ImportReport>, HttpProblem> {
    // Each holds a whole file, and what is in it, in memory.
    let Ok(alone) = state.importing.clone().try_acquire_owned() else {
        body::refuse(request).await;
        let message = "Another import is under way.";
        let problem = Problem::new(ProblemKind::Conflict, message);
        return Err(problem.advice("Wait until it is done.").retryable().into());
    };
    let limit = state.limits.import_bytes;
    let bytes = body::read(request, limit)
        .await
        .map_err(|refused| match refused.0.kind {
            ProblemKind::TooLarge => Refusal::TooLarge("file", limit).problem().into(),
            _ => refused,
        })?;
    if bytes.is_empty() {
        return Err(Refusal::Empty.problem().into());
    }
    let limits = Limits {
        unpacked_bytes: (limit as u64).saturating_mul(UNPACKED),
        attachment_bytes: state.limits.attachment_bytes as u64,
        ..Limits::default()
    };
    let text_limit = state.message_limit;
    // Goes along: this is not broken off when the caller goes away.
    let read = attachments::blocking(move || {
        let mut imported = exchange::read(&bytes, now_ms(), &limits, &mut Uuid::now_v7);
        drop(bytes);
        let files = take_in(&mut imported, text_limit);
        (imported, files, alone)
    });
    let (imported, files, alone) = read.await?;
    if let ([], [], [problem]) = (
        &imported.conversations[..],
        &imported.presets[..],
        &imported.problems[..],
    ) {
        return Err(Problem::new(ProblemKind::BadRequest, problem).into());
    }
    // Half of it would be of little use to somebody who went away.
    let stored = tokio::spawn(store_all(state, imported, files, alone)).await;
    stored.map(Json).map_err(|error| {
        tracing::error!(%error, "an import broke off");
        Problem::new(ProblemKind::Internal, "The import broke off.")
            .advice("What was imported by then is in the list; the server's log has more.")
            .into()
    })
}

/// Looks at the files as if they were sent with a message, and makes the
/// messages name them as they are then.
fn take_in(imported: &mut Imported, text_limit: usize) -> Vec<(Attachment, Bytes)> {
    let mut files = Vec::new();
    // What became of each, by the hash in the file.
    let mut known = HashMap::new();
    for (attachment, bytes) in std::mem::take(&mut imported.attachments) {
        match attachments::take_in(&attachment.name, bytes.into(), text_limit) {
            Ok((taken, bytes)) => {
                known.insert(attachment.hash, taken.clone());
                files.push((taken, bytes));
            }
            Err(refusal) => {
                let (name, problem) = (&attachment.name, refusal.problem());
                let message = format!("The file “{name}” was left out: {}", problem.message);
                imported.problems.push(message);
            }
        }
    }
    for conversation in &mut imported.conversations {
        for message in &mut conversation.messages {
            message.attachments.retain_mut(|attachment| {
                let Some(taken) = known.get(&attachment.hash) else {
                    return false;
                };
                *attachment = Attachment {
                    name: attachments::sanitised(&attachment.name),
                    ..taken.clone()
                };
                true
            });
        }
    }
    files
}

async fn store_all(
    state: AppState,
    imported: Imported,
    files: Vec<(Attachment, Bytes)>,
    _alone: OwnedSemaphorePermit,
) -> ImportReport {
    let mut report = ImportReport {
        problems: imported.problems,
        ..ImportReport::default()
    };
    for (attachment, bytes) in files {
        let kept = state.store.keep_attachment(&attachment, &bytes, now_ms());
        if let Err(error) = kept.await {
            let message = format!(
                "The file “{}” could not be stored: {error}.",
                attachment.name
            );
            report.problems.push(message);
        }
    }
    for mut conversation in imported.conversations {
        let title = conversation.title.clone();
        let settings = &mut conversation.settings;
        if let Err(problem) = settings.check(state.message_limit) {
            *settings = ConversationSettings::default();
            let message = format!(
                "The settings of “{title}” were left out: {}",
                problem.message
            );
            report.problems.push(message);
        }
        match store(&state, conversation).await {
            Ok(messages) => {
                report.conversations += 1;
                report.messages += messages;
            }
            Err(error) => {
                let message = format!("“{title}” could not be stored: {error}.");
                report.problems.push(message);
            }
        }
    }
    keep_presets(&state, imported.presets, &mut report).await;
    state.changes.conversations();
    if report.presets > 0 {
        state.changes.presets();
    }
    report
}

/// Stores a conversation; returns how many messages it has.
async fn store(state: &AppState, conversation: Conversation) -> Result<u32, store::Error> {
    state.store.import(&conversation).await?;
    Ok(u32::try_from(conversation.messages.len()).unwrap_or(u32::MAX))
}

/// Stores presets beside those that are there: one whose name is taken gets
/// another.
async fn keep_presets(state: &AppState, mut imported: Vec<Preset>, report: &mut ImportReport) {
    if imported.is_empty() {
        return;
    }
    if imported.len() > MOST_PRESETS {
        let more = imported.len() - MOST_PRESETS;
        let message = format!("{more} presets were left out: at most {MOST_PRESETS} are imported.");
        report.problems.push(message);
        imported.truncate(MOST_PRESETS);
    }
    let mut there = match state.store.presets().await {
        Ok(there) => there,
        Err(error) => {
            report
                .problems
                .push(format!("The presets could not be stored: {error}."));
            return;
        }
    };
    let mut taken: HashSet<String> = there.iter().map(|it| it.name.clone()).collect();
    for preset in imported {
        if there.contains(&preset) {
            continue;
        }
        match keep_preset(state, preset.clone(), &taken).await {
            Ok(kept) => {
                report.presets += 1;
                taken.insert(kept.name.clone());
                there.push(kept);
            }
            Err(problem) => {
                let message = format!("The preset “{}” was left out: {problem}", preset.name);
                report.problems.push(message);
            }
        }
    }
}

async fn keep_preset(
    state: &AppState,
    preset: Preset,
    taken: &HashSet<String>,
) -> Result<Preset, Problem> {
    preset.settings.check(state.message_limit)?;
    let numbered = (2_u32..).map(|number| format!("{} ({number})", preset.name));
    let name = std::iter::once(preset.name.clone())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .and_then(|name| presets::checked(&name))
        .ok_or_else(|| Problem::new(ProblemKind::BadRequest, "Its name is too long."))?;
    let kept = state.store.keep_preset(&name, &preset.settings).await;
    kept.map_err(|error| HttpProblem::from(error).0)?;
    Ok(Preset { name, ..preset })
}
