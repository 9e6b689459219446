//! What a first visit downloads.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};
use reqwest::{Client, header};
use serde::Deserialize;

use crate::{
    report::{Report, Row},
    world::{Server, Simulator, client, root},
};

/// The file that browsers ask for although no page names it.
const FAVICON: &str = "favicon.svg";

/// A file of the site, as the build lists it.
#[derive(Deserialize)]
struct Entry {
    path: String,
    immutable: bool,
}

/// Bytes of something, as a browser gets it and without compression.
#[derive(Clone, Copy, Default)]
struct Weight {
    br: f64,
    plain: f64,
}

pub(crate) async fn run() -> Result<Report> {
    let path = root().join("target/site/release/manifest.json");
    let manifest = fs::read(&path).with_context(|| {
        format!(
            "{} is missing: run `cargo xtask page --release`",
            path.display()
        )
    })?;
    let manifest: BTreeMap<String, Entry> = serde_json::from_slice(&manifest)?;
    let client = client()?;
    let simulator = Simulator::start(&client, &[]).await?;
    let server = Server::start(&simulator.url)?;

    let mut kinds: BTreeMap<&str, Weight> = BTreeMap::new();
    kinds.insert("html", weigh(&client, &server.url).await?);
    let mut requests = 1;
    for (name, entry) in &manifest {
        // A chunk is loaded when its panel opens.
        if (!entry.immutable && name != FAVICON) || name.starts_with("chunks/") {
            continue;
        }
        let weight = weigh(&client, &format!("{}/{}", server.url, entry.path)).await;
        let weight = weight.context("the program was built with another page than this one")?;
        let kind = name.rsplit_once('.').map_or("other", |(_, kind)| kind);
        kinds.entry(kind).or_default().add(weight);
        requests += 1;
    }

    let mut report = Report::new(format!(
        "The bodies of the {requests} requests of a first visit to `/`, as the server sends them \
         to a browser that takes Brotli. The baseline is the same without compression."
    ));
    let mut all = Weight::default();
    for (kind, weight) in kinds {
        all.add(weight);
        let row = weight.row(kind);
        report.add(match kind {
            "wasm" => row.at_most(250.0),
            _ => row,
        });
    }
    report.add(all.row("all").at_most(300.0));
    Ok(report)
}

async fn weigh(client: &Client, url: &str) -> Result<Weight> {
    let size = async |encoding| {
        let request = client.get(url).header(header::ACCEPT_ENCODING, encoding);
        let response = request.send().await?.error_for_status()?;
        anyhow::Ok(response.bytes().await?.len() as f64)
    };
    Ok(Weight {
        br: size("br").await?,
        plain: size("identity").await?,
    })
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.br += other.br;
        self.plain += other.plain;
    }

    fn row(self, what: &str) -> Row {
        Row::new(what, "KB", self.br / 1e3).against("plain", self.plain / 1e3)
    }
}
