//! The folder with the finished page, as the server embeds it: each file
//! with its compressed twins, and a manifest that says what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

/// A site being gathered; nothing is written before [`Site::write`].
#[derive(Default)]
pub(crate) struct Site {
    files: BTreeMap<String, File>,
}

struct File {
    path: String,
    content: Vec<u8>,
    immutable: bool,
}

/// What is in the folder, by logical name (`rivulet.js`). The server reads
/// it in `server/src/http/assets.rs`.
pub(crate) type Manifest = BTreeMap<String, Entry>;

/// One file of the site.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The path below the folder; with a `/` before it, the path of the URL.
    pub(crate) path: String,
    /// A hash of the content, for the `ETag`.
    hash: String,
    /// Whether what is at this path never changes.
    pub(crate) immutable: bool,
    /// The twins that exist beside the file: none where compression gains
    /// nothing.
    encodings: Vec<Encoding>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Br,
    Gzip,
}

/// Whether the files get compressed twins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    /// As small as it gets, which takes seconds.
    Best,
}

/// The first 16 hexadecimal digits of the SHA-256.
pub(crate) fn hash(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let first = digest.iter().take(8);
    first.map(|byte| format!("{byte:02x}")).collect()
}

/// The manifest in `folder`.
pub(crate) fn read_manifest(folder: &Path) -> Result<Manifest> {
    let path = folder.join("manifest.json");
    let json = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&json).with_context(|| format!("{} is damaged", path.display()))
}

impl Site {
    /// Adds a file whose name will contain its hash, and gives its path:
    /// `rivulet.css` becomes `assets/rivulet-0123456789abcdef.css`.
    pub(crate) fn add_hashed(&mut self, name: &str, content: Vec<u8>) -> String {
        let hash = hash(&content);
        let path = match name.rsplit_once('.') {
            Some((stem, extension)) => format!("assets/{stem}-{hash}.{extension}"),
            None => format!("assets/{name}-{hash}"),
        };
        let file = File {
            path: path.clone(),
            content,
            immutable: true,
        };
        self.files.insert(name.to_owned(), file);
        path
    }

    /// Adds a file at a path that the caller has made unique to its content.
    pub(crate) fn add_immutable(&mut self, path: String, content: Vec<u8>) {
        let file = File {
            path: path.clone(),
            content,
            immutable: true,
        };
        self.files.insert(path, file);
    }

    /// Adds a file that keeps its name, such as `favicon.svg`.
    pub(crate) fn add_plain(&mut self, path: String, content: Vec<u8>) {
        let file = File {
            path: path.clone(),
            content,
            immutable: false,
        };
        self.files.insert(path, file);
    }

    /// Makes `folder` hold this site and nothing else. Files that are right
    /// already are not touched: a newer time would make the server relink.
    pub(crate) fn write(self, folder: &Path, compression: Compression) -> Result<()> {
        let before = read_manifest(folder).unwrap_or_default();
        let mut manifest = Manifest::new();
        for (name, file) in self.files {
            let entry = match before.get(&name) {
                Some(entry) if file.is_written(entry, folder) => entry.clone(),
                _ => file.write(folder, compression)?,
            };
            manifest.insert(name, entry);
        }
        let path = folder.join("manifest.json");
        let json = serde_json::to_vec_pretty(&manifest)?;
        if fs::read(&path).ok().as_ref() != Some(&json) {
            write(&path, &json)?;
        }
        let mut kept: BTreeSet<_> = manifest.values().flat_map(|e| e.paths(folder)).collect();
        kept.insert(path);
        delete_all_but(&kept, folder)
    }
}

impl File {
    fn is_written(&self, entry: &Entry, folder: &Path) -> bool {
        self.path == entry.path
            && hash(&self.content) == entry.hash
            && entry.paths(folder).iter().all(|path| path.is_file())
    }

    fn write(&self, folder: &Path, compression: Compression) -> Result<Entry> {
        write(&folder.join(&self.path), &self.content)?;
        let mut encodings = Vec::new();
        if compression == Compression::Best {
            for encoding in [Encoding::Br, Encoding::Gzip] {
                let twin = encoding.encode(&self.content)?;
                if twin.len() < self.content.len() {
                    write(&encoding.twin(&self.path, folder), &twin)?;
                    encodings.push(encoding);
                }
            }
        }
        Ok(Entry {
            path: self.path.clone(),
            hash: hash(&self.content),
            immutable: self.immutable,
            encodings,
        })
    }
}

impl Entry {
    /// The file that the best client gets: with Brotli where it helps.
    pub(crate) fn smallest(&self, folder: &Path) -> PathBuf {
        if self.encodings.contains(&Encoding::Br) {
            Encoding::Br.twin(&self.path, folder)
        } else {
            folder.join(&self.path)
        }
    }

    /// The file and its twins.
    fn paths(&self, folder: &Path) -> Vec<PathBuf> {
        let mut paths = vec![folder.join(&self.path)];
        paths.extend(self.encodings.iter().map(|e| e.twin(&self.path, folder)));
        paths
    }
}

impl Encoding {
    fn twin(self, path: &str, folder: &Path) -> PathBuf {
        match self {
            Self::Br => folder.join(format!("{path}.br")),
            Self::Gzip => folder.join(format!("{path}.gz")),
        }
    }

    fn encode(self, content: &[u8]) -> Result<Vec<u8>> {
        let mut encoded = Vec::new();
        match self {
            Self::Br => {
                let params = brotli::enc::BrotliEncoderParams {
                    quality: 11,
                    lgwin: 24,
                    size_hint: content.len(),
                    ..Default::default()
                };
                brotli::BrotliCompress(&mut &*content, &mut encoded, &params)?;
            }
            Self::Gzip => {
                let mut encoder = GzEncoder::new(&mut encoded, flate2::Compression::best());
                encoder.write_all(content)?;
                encoder.finish()?;
            }
        }
        Ok(encoded)
    }
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

fn delete_all_but(kept: &BTreeSet<PathBuf>, folder: &Path) -> Result<()> {
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() && !kept.contains(entry.path()) {
            fs::remove_file(entry.path())
                .with_context(|| format!("cannot delete {}", entry.path().display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(style: &str) -> Site {
        let mut site = Site::default();
        site.add_hashed("rivulet.css", style.as_bytes().to_vec());
        site.add_plain("favicon.svg".to_owned(), b"<svg/>".to_vec());
        site
    }

    fn files(folder: &Path) -> BTreeMap<String, std::time::SystemTime> {
        WalkDir::new(folder)
            .into_iter()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let name = entry.path().strip_prefix(folder).unwrap();
                let changed = entry.metadata().unwrap().modified().unwrap();
                (name.to_str().unwrap().to_owned(), changed)
            })
            .collect()
    }

    #[test]
    fn a_second_writing_touches_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let style = "a{b: c}".repeat(100);
        site(&style)
            .write(folder.path(), Compression::Best)
            .unwrap();
        let first = files(folder.path());
        site(&style)
            .write(folder.path(), Compression::Best)
            .unwrap();
        assert_eq!(files(folder.path()), first);
    }

    #[test]
    fn a_changed_file_replaces_its_twins_and_its_former_self() {
        let folder = tempfile::tempdir().unwrap();
        site("a{}").write(folder.path(), Compression::Best).unwrap();
        let style = "b{c: d}".repeat(100);
        site(&style)
            .write(folder.path(), Compression::Best)
            .unwrap();
        let path = format!("assets/rivulet-{}.css", hash(style.as_bytes()));
        let names: Vec<_> = files(folder.path()).into_keys().collect();
        let expected = [
            path.clone(),
            format!("{path}.br"),
            format!("{path}.gz"),
            "favicon.svg".to_owned(),
            "manifest.json".to_owned(),
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn twins_hold_the_same_content() {
        let style = "a{b: c}".repeat(100);
        let br = Encoding::Br.encode(style.as_bytes()).unwrap();
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut &*br, &mut plain).unwrap();
        assert_eq!(plain, style.as_bytes());

        let gzip = Encoding::Gzip.encode(style.as_bytes()).unwrap();
        let mut plain = String::new();
        let mut decoder = flate2::read::GzDecoder::new(&*gzip);
        std::io::Read::read_to_string(&mut decoder, &mut plain).unwrap();
        assert_eq!(plain, style);
    }
}
