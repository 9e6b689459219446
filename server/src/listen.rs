//! Accepting connections. `axum::serve` would do, but builds the routes anew
//! for each connection, reads the first bytes of each in search of HTTP/2, and
//! waits for ever for a request that is never completed; together that is half
//! of the memory of a watcher.

use std::{io, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// How long the head of a request may take; an idle connection is closed after
/// it, too. Longer than proxies keep theirs (nginx: 60 s), so that none of them
/// sends a request into a connection that is just being closed.
const HEAD: Duration = Duration::from_secs(75);

/// How long to wait when the system has no more file handles to give.
const NO_HANDLES: Duration = Duration::from_secs(1);

/// Serves until `shutdown` is cancelled, and then until every request under way
/// has been answered.
pub(crate) async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connections = GracefulShutdown::new();
    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                wait_after(&error).await;
                continue;
            }
        };
        without_delay(&stream);
        let service = TowerToHyperService::new(router.clone());
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
}

/// Small events must not wait for the acknowledgement of earlier ones.
fn without_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
}

/// A caller that left before it was accepted is no reason to wait; anything
/// else will not be better at once.
async fn wait_after(error: &io::Error) {
    let left = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !left {
        tracing::error!(%error, "no connection can be accepted");
        tokio::time::sleep(NO_HANDLES).await;
    }
}
