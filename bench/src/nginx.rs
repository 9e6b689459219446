//! nginx as a plain proxy: what the least possible gateway costs.

use std::{fs, net::TcpListener, path::Path, process::Command, time::Duration};

use anyhow::{Result, bail};
use reqwest::Client;
use tempfile::TempDir;

use crate::process::Process;

/// Where systems put it that do not have it in every PATH.
const SBIN: &str = "/usr/sbin/nginx";

/// An nginx that passes everything on to one address.
pub(crate) struct Nginx {
    pub(crate) process: Process,
    pub(crate) url: String,
    /// Removed after the process has ended.
    _folder: TempDir,
}

impl Nginx {
    /// Starts one, where nginx is installed.
    ///
    /// # Errors
    /// When it is, but does not serve.
    pub(crate) async fn start(client: &Client, upstream: &str) -> Result<Option<Self>> {
        let Some(program) = program() else {
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let path = folder.path().join("nginx.conf");
        fs::write(&path, configuration(folder.path(), port, upstream))?;
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).arg("-c").arg(&path);
        let process = Process::start(&mut command)?;
        let url = format!("http://127.0.0.1:{port}");
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if client.get(format!("{url}/stats")).send().await.is_ok() {
                return Ok(Some(Self {
                    process,
                    url,
                    _folder: folder,
                }));
            }
        }
        bail!("nginx does not serve");
    }
}

fn program() -> Option<&'static str> {
    ["nginx", SBIN].into_iter().find(|name| {
        let mut command = Command::new(name);
        command.arg("-v").stderr(std::process::Stdio::null());
        command.status().is_ok_and(|status| status.success())
    })
}

/// One process, so that its processor time is all of it; as in everybody's
/// examples for event streams otherwise.
fn configuration(folder: &Path, port: u16, upstream: &str) -> String {
    let folder = folder.display();
    let upstream = upstream.trim_start_matches("http://");
    format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 16000; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream provider {{ server {upstream}; keepalive 1000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection \"\";
      proxy_buffering off;
      proxy_read_timeout 1h;
    }}
  }}
}}
"
    )
}
