//! Wiring: store, gateway, engine and router, from start to a clean end.

use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use gateway::{CacheStore, Format, Gateway, ProviderConfig, ProviderGateway};
use simulator::Simulator;
use store::{Library, SqliteStore};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    cache_store,
    config::{Config, Settings},
    http::{self, AppState, Changes},
    listen,
};

/// How long open connections have to end once everything else has. With the
/// engine's own end it stays below 5 s in all.
const LINGER: Duration = Duration::from_millis(800);
/// How often deleted conversations and old cached answers are looked for, and
/// how long the former are kept.
const PURGE_EVERY: Duration = Duration::from_secs(600);
const KEEP_DELETED: Duration = Duration::from_secs(3_600);

/// Serves the page until SIGTERM or Ctrl-C.
///
/// # Errors
/// A sentence for the operator: bad configuration, a port in use, a data
/// directory that cannot be written.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    start_logging();
    let config = Config::load(settings, |name| std::env::var(name).ok())?;
    let listener = bind(config.listen).await?;
    let _lock = prepare_data(&config.data)?;
    let sqlite = SqliteStore::open(&config.data.join("rivulet.db")).await?;
    let store: Arc<dyn Library> = Arc::new(sqlite.clone());
    let interrupted = store.interrupt_open_turns().await?;
    if interrupted > 0 {
        tracing::warn!(
            turns = interrupted,
            "answers were cut off when the server last ended"
        );
    }

    let (hosts, limits) = (config.hosts.clone(), config.limits);
    let cache_age = config.gateway.cache.age;
    let cache: Arc<dyn CacheStore> = Arc::new(cache_store::Kept(store.clone()));
    let engine_config = config.engine.clone();
    let (gateway, _demo) = build_gateway(config, Some(cache)).await?;
    let engine = engine::Engine::new(store.clone(), gateway.clone(), engine_config.clone());
    let shutdown = CancellationToken::new();
    let state = AppState::new(engine.clone(), store.clone(), gateway, &engine_config)
        .reached_as(hosts)
        .limited(limits)
        .until(shutdown.clone());
    if http::assets::page_assets().is_none() {
        tracing::warn!("this binary was built without its page; build with `cargo xtask dist`");
    }

    let (recorder, changes) = (state.recorder(), state.changes());
    let address = listener.local_addr()?;
    announce(address);
    let purging = tokio::spawn(purge(store, cache_age, changes, shutdown.clone()));
    let server = tokio::spawn(listen::serve(
        listener,
        http::router(state),
        shutdown.clone(),
    ));

    shutdown_signal().await;
    tracing::info!("shutting down");
    shutdown.cancel();
    engine.shutdown().await;
    if let Ok(ended) = tokio::time::timeout(LINGER, server).await {
        ended?;
    }
    purging.abort();
    // The calls that have just ended handed their books in by now. Bounded,
    // because a store that hangs must not keep us from ending.
    if tokio::time::timeout(LINGER, recorder.flush())
        .await
        .is_err()
    {
        tracing::error!("not every record could be stored before the shutdown");
    }
    sqlite.close().await;
    Ok(())
}

/// Listens on an address.
///
/// # Errors
/// Says what holds the port and what to do.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{address} is in use, perhaps by another Rivulet; choose another address with --listen"
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {error}; choose another with --listen"),
    })
}

/// Logs to standard error, as `RIVULET_LOG` filters (default: `info`).
pub fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("RIVULET_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
    // A second start, as in tests, keeps the first.
    drop(started);
}

/// Resolves on SIGTERM or Ctrl-C.
pub async fn shutdown_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// The gateway, with the demo where nothing else is configured. The simulator
/// serves until it is dropped.
async fn build_gateway(
    mut config: Config,
    cache: Option<Arc<dyn CacheStore>>,
) -> anyhow::Result<(Arc<dyn Gateway>, Option<Simulator>)> {
    let providers = &mut config.gateway.providers;
    let configured = providers.iter().any(|provider| !provider.optional);
    let mut demo = None;
    if config.demo || !configured {
        let simulator = Simulator::spawn_demo(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .context("the demo model cannot listen on a loopback port")?;
        providers.push(ProviderConfig {
            name: "demo".to_owned(),
            label: "Demo (simulation)".to_owned(),
            format: Format::OpenAi,
            base_url: format!("http://{}/v1", simulator.addr()).parse()?,
            key: None,
            simulated: true,
            models: None,
            optional: false,
            clocks: config.clocks,
        });
        demo = Some(simulator);
    }
    let gateway = ProviderGateway::new(config.gateway, cache)?;
    // The first lists, so that the first page has models to choose from; a
    // provider that does not answer delays this by a few seconds at most.
    gateway.models().await;
    Ok((gateway, demo))
}

/// Makes the data directory, for its owner alone, and locks it: two servers on
/// one database would take each other's running answers for dead.
fn prepare_data(directory: &Path) -> anyhow::Result<File> {
    let hint = "choose another directory with --data";
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).with_context(|| {
        format!(
            "the data directory {} cannot be made; {hint}",
            directory.display()
        )
    })?;
    let lock = File::create(directory.join("lock")).with_context(|| {
        format!(
            "the data directory {} cannot be written; {hint}",
            directory.display()
        )
    })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!(
                "another Rivulet uses the data directory {}; {hint}",
                directory.display()
            )
        }
        Err(std::fs::TryLockError::Error(error)) => {
            // Some network file systems have no locks; that alone is no reason
            // not to serve.
            tracing::warn!(%error, "the data directory cannot be locked");
            Ok(lock)
        }
    }
}

async fn purge(
    store: Arc<dyn Library>,
    cache_age: Duration,
    changes: Changes,
    shutdown: CancellationToken,
) {
    let before = |age: Duration| http::now_ms() - age.as_millis() as i64;
    loop {
        match store.purge(before(KEEP_DELETED), http::now_ms()).await {
            Ok(0) => {}
            // Temporary ones were still listed.
            Ok(_) => changes.conversations(),
            Err(error) => tracing::warn!(%error, "deleted conversations could not be removed"),
        }
        if let Err(error) = store.purge_cached_answers(before(cache_age)).await {
            tracing::warn!(%error, "old cached answers could not be removed");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(PURGE_EVERY) => {}
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the address is what the person who started it wants"
)]
fn announce(address: SocketAddr) {
    println!("Rivulet is at http://{address}");
}
