//! The image of a sandbox: its name, its making.

use std::collections::{HashMap, VecDeque};

use bollard::models::BuildInfo;
use bollard::query_parameters::BuildImageOptionsBuilder;
use bytes::Bytes;
use futures::StreamExt;
use sha2::{Digest, Sha256};

use super::{Docker, DockerConfig, engine};
use crate::Error;

const DOCKERFILE: &str = include_str!("../../../../docker/Dockerfile");
const REPOSITORY: &str = "aca-sandbox";
/// Carries the hash that the tag begins with.
pub(super) const HASH_LABEL: &str = "aca.dockerfile";
/// How many lines of a failed step an error shows.
const SHOWN_LINES: usize = 20;

/// Returns the name of aca's own image, which changes with the Dockerfile and its base.
pub(super) fn tag(base: Option<&str>) -> String {
    let hash = hash(base);
    format!("{REPOSITORY}:{}", hash.get(..12).unwrap_or(&hash))
}

/// Returns the SHA-256 of the Dockerfile and the name of its base, in hexadecimal.
pub(super) fn hash(base: Option<&str>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(DOCKERFILE);
    hasher.update([0]);
    hasher.update(base.unwrap_or_default());
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn missing(config: &DockerConfig, image: String) -> Error {
    let hint = if config.image.is_some() {
        format!("Fetch it with `docker pull {image}`, or build it, or name another in the configuration.")
    } else {
        "Build it with `aca image build`.".to_owned()
    };
    Error::NoImage { image, hint }
}

impl Docker {
    /// Says whether the image is on the engine.
    pub(super) async fn has_image(&self) -> Result<bool, Error> {
        let engine = self.engine().await?;
        match engine.client.inspect_image(&self.image()).await {
            Ok(_) => Ok(true),
            Err(e) if engine::status(&e) == Some(404) => Ok(false),
            Err(e) => Err(engine.error("inspect an image", e)),
        }
    }

    /// Builds aca's own image, from the beginning if `force`, and gives `progress` each line of the engine's.
    ///
    /// # Errors
    /// [`Error::Build`] with the last lines of the step that failed.
    pub async fn build_image(&self, force: bool, progress: &mut (dyn FnMut(String) + Send)) -> Result<(), Error> {
        let engine = self.engine().await?;
        let base = self.config.base.as_deref();
        let arguments: HashMap<&str, &str> = base.map(|b| ("BASE", b)).into_iter().collect();
        let mut labels: HashMap<String, String> = self.config.extra_labels.clone().into_iter().collect();
        labels.insert(HASH_LABEL.to_owned(), hash(base));
        let options = BuildImageOptionsBuilder::new()
            .dockerfile("Dockerfile")
            .t(&tag(base))
            .rm(true)
            .forcerm(true);
        let options = options.nocache(force).buildargs(&arguments).labels(&labels).build();
        let context = bollard::body_full(context().map_err(Error::file("pack", "Dockerfile"))?);
        let mut log = BuildLog::default();
        let mut events = std::pin::pin!(engine.client.build_image(options, None, Some(context)));
        while let Some(event) = events.next().await {
            match event {
                Ok(info) => log.take(info, progress),
                Err(bollard::errors::Error::DockerStreamError { error }) => return Err(log.failed(error)),
                Err(e) => return Err(engine.error("build the image", e)),
            }
        }
        log.error.take().map_or(Ok(()), |error| Err(log.failed(error)))
    }
}

/// Packs the build context: the Dockerfile alone.
fn context() -> std::io::Result<Bytes> {
    let mut header = tar::Header::new_gnu();
    header.set_size(DOCKERFILE.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, "Dockerfile", DOCKERFILE.as_bytes())?;
    Ok(archive.into_inner()?.into())
}

/// What a build has said so far: the step it is at and that step's last lines.
#[derive(Default)]
struct BuildLog {
    step: String,
    lines: VecDeque<String>,
    partial: String,
    error: Option<String>,
}

impl BuildLog {
    fn take(&mut self, info: BuildInfo, progress: &mut (dyn FnMut(String) + Send)) {
        self.partial.push_str(&info.stream.unwrap_or_default());
        while let Some((line, rest)) = self.partial.split_once('\n') {
            let (line, rest) = (line.trim_end().to_owned(), rest.to_owned());
            self.partial = rest;
            if !line.is_empty() {
                self.line(line, progress);
            }
        }
        if let Some(status) = info.status {
            progress(status);
        }
        if let Some(error) = info.error_detail.and_then(|e| e.message) {
            self.error = Some(error);
        }
    }

    fn line(&mut self, line: String, progress: &mut (dyn FnMut(String) + Send)) {
        if line.starts_with("Step ") {
            self.step.clone_from(&line);
            self.lines.clear();
        } else {
            self.lines.push_back(line.clone());
            if self.lines.len() > SHOWN_LINES {
                self.lines.pop_front();
            }
        }
        progress(line);
    }

    fn failed(&self, reason: String) -> Error {
        let step = if self.step.is_empty() {
            "the first step".to_owned()
        } else {
            self.step.clone()
        };
        let lines: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        Error::Build {
            step,
            reason,
            log: lines.join("\n"),
        }
    }
}

#[cfg(test)]
mod tests;
