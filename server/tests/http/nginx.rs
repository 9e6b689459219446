//! The stream through nginx as it comes: nothing but `proxy_pass`.

use std::{path::Path, process::Stdio, time::Duration};

use protocol::{Event, api};
use serde_json::json;
use tokio::{
    net::UnixStream,
    process::{Child, Command},
};

use crate::{reply::Watching, site::Site};

/// The configuration of a Debian package, shortened, with our site in it. It
/// listens on a socket in its own folder, which no other test can have taken.
fn configuration(folder: &Path, server: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
         master_process off;
         pid {folder}/pid;
         events {{}}
         http {{
             access_log off;
             gzip on;
             client_body_temp_path {folder}/body;
             proxy_temp_path {folder}/proxy;
             fastcgi_temp_path {folder}/fastcgi;
             uwsgi_temp_path {folder}/uwsgi;
             scgi_temp_path {folder}/scgi;
             server {{
                 listen unix:{folder}/socket;
                 location / {{
                     proxy_pass http://{server};
                 }}
             }}
         }}"
    )
}

async fn start_nginx(folder: &Path, site: &Site) -> Option<Child> {
    let file = folder.join("nginx.conf");
    std::fs::write(&file, configuration(folder, &site.address.to_string())).unwrap();
    let started = Command::new("nginx")
        .args(["-e", "stderr", "-p"])
        .arg(folder)
        .arg("-c")
        .arg(&file)
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn();
    match started {
        Ok(nginx) => Some(nginx),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("nginx does not start: {error}"),
    }
}

#[tokio::test]
async fn a_default_nginx_passes_each_event_on_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new().await;
    let Some(_nginx) = start_nginx(folder.path(), &site).await else {
        eprintln!("SKIPPED: there is no nginx in PATH");
        return;
    };
    let socket = folder.path().join("socket");
    let listening = async {
        while UnixStream::connect(&socket).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), listening)
        .await
        .expect("nginx listens");

    // The simulator is silent after the first word and never ends, so what is
    // read was passed on while the answer was being written.
    let script = json!({"text": "One two", "fault": {"kind": "silence", "after_tokens": 1}});
    site.script(script).await;
    let client = reqwest::Client::builder()
        .unix_socket(socket)
        .build()
        .unwrap();
    let start = client
        .post("http://nginx/api/turns")
        .header("accept", "text/event-stream")
        .header("accept-encoding", "gzip")
        .json(&json!({"text": "Why?"}));
    let mut watching = Watching::new(start).await;
    let first = watching.next().await.unwrap().event;
    let Event::Accepted { turn, .. } = first else {
        panic!("not accepted first: {first:?}");
    };
    while watching.transcript.text != "One" {
        assert!(watching.next().await.is_some(), "it should not have ended");
    }
    assert_eq!(site.simulator.stats().open, 1);
    let stop = client.post(format!("http://nginx{}", api::stop(turn)));
    assert_eq!(stop.send().await.unwrap().status(), 204);
    assert!(matches!(watching.rest().await.last(), Event::Stopped(_)));
}
