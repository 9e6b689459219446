//! Serving over TCP, one task a connection, so that a connection can be reset
//! or cut when a script says so.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt;

use crate::state::State;
use crate::stats::{Connected, Stats};

/// How long to wait when the system gives no more connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A simulator running in this process. Dropping it closes its port and all
/// its connections.
#[derive(Debug)]
pub struct Simulator {
    addr: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Simulator {
    /// Starts one on an address; port 0 takes any free port.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn spawn(addr: SocketAddr) -> io::Result<Self> {
        Self::spawn_with(addr, State::default()).await
    }

    /// Starts one that people's messages go to: nothing of them can be looked
    /// at at `GET /control/requests`.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn spawn_demo(addr: SocketAddr) -> io::Result<Self> {
        Self::spawn_with(addr, State::forgetful()).await
    }

    async fn spawn_with(addr: SocketAddr, state: State) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let state = Arc::new(state);
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self { addr, state, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What has happened so far; the same as `GET /stats`.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.state.counters.snapshot()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves until `shutdown` resolves, then closes all connections at once.
///
/// # Errors
/// None at present; a failing connection ends only itself.
pub async fn serve(listener: TcpListener, shutdown: impl Future) -> io::Result<()> {
    tokio::select! {
        () = accept(listener, Arc::default()) => {}
        _ = shutdown => {}
    }
    Ok(())
}

/// Accepts for ever. The connections' tasks end with this future.
async fn accept(listener: TcpListener, state: Arc<State>) {
    let router = crate::router_with(Arc::clone(&state));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let socket = Socket::new(stream, state.counters.connected());
                    connections.spawn(converse(socket, router.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the simulator could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers the requests of one connection.
async fn converse(socket: Socket, router: Router) {
    let connection = socket.connection.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(connection.clone());
        let router = router.clone();
        async move {
            let response = router
                .oneshot(request)
                .await
                .unwrap_or_else(|never| match never {});
            // An error here makes the server drop the connection unanswered.
            match response.extensions().get::<NoAnswer>() {
                Some(NoAnswer) => Err(io::Error::other("the script gives no answer")),
                None => Ok(response),
            }
        }
    });
    // A connection that ends badly is either a script's wish or the caller's.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(socket), service)
        .await;
}

/// A mark on a response: drop the connection instead of sending it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoAnswer;

/// The connection a request came over, as handlers know it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    reset: Arc<AtomicBool>,
}

impl Connection {
    /// Makes the end of this connection, whenever it comes, a TCP reset.
    pub(crate) fn end_by_reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }
}

/// An accepted TCP connection that can end in a reset.
struct Socket {
    stream: TcpStream,
    connection: Connection,
    _counted: Connected,
}

impl Socket {
    fn new(stream: TcpStream, counted: Connected) -> Self {
        // Fails only on a connection that is already gone.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            connection: Connection::default(),
            _counted: counted,
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.connection.reset.load(Ordering::Relaxed) {
            // Closing with no time to linger is what sends the reset.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
