//! A server over a real socket that does what each test scripts, for what no
//! HTTP library would do: resets, cuts, silence.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::sleep,
};

/// What the server does with one request.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    Send(&'static str),
    Sleep(u64),
    /// Waits until the caller closes the connection.
    AwaitClose,
    /// Ends the connection with a reset instead of an orderly close.
    Reset,
    /// Takes the next request on this connection.
    Again,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
    closed: Notify,
}

pub(crate) struct Server {
    pub(crate) address: String,
    seen: Arc<Seen>,
}

impl Server {
    /// Answers the first request with the first script, and so on; the last
    /// one serves all that follow.
    pub(crate) async fn start(scripts: &[&[Act]]) -> Self {
        let scripts: Arc<[Vec<Act>]> = scripts.iter().map(|script| script.to_vec()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Seen::default());
        let shared = seen.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(socket, scripts.clone(), shared.clone()));
            }
        });
        Self { address, seen }
    }

    /// What was asked, as it came over the wire.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Waits until a caller has closed a connection on which a script waits
    /// for that.
    pub(crate) async fn closed(&self) {
        self.seen.closed.notified().await;
    }
}

async fn serve(mut socket: TcpStream, scripts: Arc<[Vec<Act>]>, seen: Arc<Seen>) {
    while let Some(request) = read_request(&mut socket).await {
        let number = {
            let mut requests = seen.requests.lock().unwrap();
            requests.push(request);
            requests.len() - 1
        };
        let mut again = false;
        for act in &scripts[number.min(scripts.len() - 1)] {
            match act {
                Act::Send(text) => socket.write_all(text.as_bytes()).await.unwrap_or_default(),
                Act::Sleep(ms) => sleep(Duration::from_millis(*ms)).await,
                Act::AwaitClose => {
                    while socket.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
                    seen.closed.notify_one();
                }
                Act::Reset => {
                    // What was sent must have been read: a reset discards it.
                    sleep(Duration::from_millis(200)).await;
                    socket.set_zero_linger().unwrap();
                    return;
                }
                Act::Again => again = true,
            }
        }
        if !again {
            return;
        }
    }
}

async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase().lines().find_map(|line| {
                let length = line.strip_prefix("content-length: ")?;
                length.parse::<usize>().ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        if socket.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
}
