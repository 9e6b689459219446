//! The executable as a child process.

use std::{
    path::Path,
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use protocol::{Conversation, ConversationId, Entry, Event, Transcript, sse};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// How long anything may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The executable with these arguments, and nothing of this environment: no
/// keys, no settings, no proxy.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rivulet"));
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// What it says when it ends by itself.
pub(crate) async fn output(command: &mut Command) -> Output {
    let output = tokio::time::timeout(PATIENCE, command.output());
    output.await.expect("it ends by itself").unwrap()
}

/// A running one.
pub(crate) struct Rivulet {
    /// `http://` with the address and no path.
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
    child: Child,
}

impl Rivulet {
    /// A server with its data in this directory and the demo as its provider.
    pub(crate) async fn serve(data: &Path) -> Self {
        let data = data.to_str().unwrap();
        Self::start(&["--listen", "127.0.0.1:0", "--data", data]).await
    }

    /// Waits for the address, which is all that it prints.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut command = command(arguments);
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let line = line.expect("it starts").unwrap().expect("its address");
        let (_, address) = line.split_once("http://").unwrap();
        let (address, _) = address.split_once('/').unwrap_or((address, ""));
        Self {
            url: format!("http://{address}"),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            child,
        }
    }

    /// SIGTERM, as a service manager sends it.
    pub(crate) async fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.child.id().unwrap());
        let sent = Command::new("sh").args(["-c", &kill]).status().await;
        assert!(sent.unwrap().success());
    }

    /// SIGKILL: it does nothing more.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for its end by itself; `None` when it does not come in time.
    pub(crate) async fn end(&mut self, within: Duration) -> Option<ExitStatus> {
        let ended = tokio::time::timeout(within, self.child.wait()).await;
        ended.ok().map(Result::unwrap)
    }

    /// Asks the novelist, who writes 60 tokens a second.
    pub(crate) async fn ask(&self, text: &str) -> Stream {
        let request = self.client.post(format!("{}/api/turns", self.url));
        let body = json!({"text": text, "model": "demo/novelist"});
        let request = request.header("accept", "text/event-stream").json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Stream {
            response,
            decoder: sse::Decoder::default(),
            transcript: Transcript::default(),
            conversation: None,
        }
    }

    pub(crate) async fn conversation(&self, id: ConversationId) -> Conversation {
        let url = format!("{}/api/conversations/{id}", self.url);
        let response = self.client.get(url).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }
}

/// An answer on its way.
pub(crate) struct Stream {
    response: reqwest::Response,
    decoder: sse::Decoder,
    pub(crate) transcript: Transcript,
    conversation: Option<ConversationId>,
}

impl Stream {
    /// Reads until so many words have come.
    pub(crate) async fn words(&mut self, count: usize) {
        while self.transcript.text.split_whitespace().count() < count {
            assert!(self.next().await, "it ended early: {:?}", self.transcript);
        }
    }

    /// Reads what still comes, however the connection ends.
    pub(crate) async fn rest(&mut self) {
        while self.next().await {}
    }

    pub(crate) fn conversation(&self) -> ConversationId {
        self.conversation.unwrap()
    }

    async fn next(&mut self) -> bool {
        loop {
            if let Some(frame) = self.decoder.next_frame().unwrap() {
                let entry = Entry {
                    id: frame.id.as_deref().unwrap().parse().unwrap(),
                    event: Event::from_wire(&frame.event, &frame.data)
                        .unwrap()
                        .unwrap(),
                };
                if let Event::Accepted { conversation, .. } = entry.event {
                    self.conversation = Some(conversation);
                }
                self.transcript.apply(&entry);
                return true;
            }
            match self.response.chunk().await {
                Ok(Some(bytes)) => self.decoder.push(&bytes),
                Ok(None) | Err(_) => return false,
            }
        }
    }
}
