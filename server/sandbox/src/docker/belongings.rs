//! What of aca's is on a container engine, and what it takes there.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum, ImageSummary, Volume};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListVolumesOptionsBuilder, RemoveImageOptionsBuilder,
    RemoveVolumeOptions,
};

use super::{Docker, engine, image};
use crate::{Backend as _, Error};

/// The label of everything that is made for a session.
const SESSION_LABEL: &str = "aca.session";

/// Something on a container engine that aca made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belonging {
    /// What it is.
    pub kind: BelongingKind,
    /// What names it on the engine.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What it takes there, in bytes, where the engine says it.
    pub bytes: u64,
    /// When it was made, in milliseconds since the Unix epoch, where the engine says it.
    pub made_ms: Option<u64>,
    /// Whether it is in use: a container that runs, an image that a container was made from or that the next one will be.
    pub in_use: bool,
}

/// What a [`Belonging`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BelongingKind {
    /// A container, running or not.
    Container,
    /// A volume.
    Volume,
    /// An image.
    Image,
}

impl Docker {
    /// Returns everything on the engine that carries aca's labels.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub async fn belongings(&self) -> Result<Vec<Belonging>, Error> {
        let client = &self.engine().await?.client;
        let failed = |doing: &'static str| move |e| (doing, e);
        let (session, made) = (labelled(SESSION_LABEL), labelled(image::HASH_LABEL));
        let containers = ListContainersOptionsBuilder::new()
            .all(true)
            .size(true)
            .filters(&session);
        let images = ListImagesOptionsBuilder::new().filters(&made).build();
        let volumes = ListVolumesOptionsBuilder::new().filters(&session).build();
        // An image that any container was made from, ours or not, is in use.
        let everyone = ListContainersOptionsBuilder::new().all(true).build();
        let listed = async {
            let containers = client.list_containers(Some(containers.build())).await;
            let containers = containers.map_err(failed("list containers"))?;
            let everyone = client.list_containers(Some(everyone)).await;
            let everyone = everyone.map_err(failed("list containers"))?;
            let images = client.list_images(Some(images)).await.map_err(failed("list images"))?;
            let volumes = client.list_volumes(Some(volumes)).await;
            let volumes = volumes.map_err(failed("list volumes"))?.volumes.unwrap_or_default();
            Ok((containers, everyone, images, volumes))
        };
        let (containers, everyone, images, volumes) = match listed.await {
            Ok(listed) => listed,
            Err((doing, e)) => return Err(self.engine().await?.error(doing, e)),
        };
        let next = self.image();
        let in_use = |image: &ImageSummary| {
            image.repo_tags.contains(&next) || everyone.iter().any(|c| c.image_id.as_deref() == Some(&*image.id))
        };
        let mut all: Vec<Belonging> = containers.into_iter().filter_map(of_container).collect();
        all.extend(volumes.into_iter().map(of_volume));
        all.extend(images.into_iter().map(|image| {
            let in_use = in_use(&image);
            of_image(image, in_use)
        }));
        Ok(all)
    }

    /// Removes something of aca's from the engine. One that is not there is fine; a running container is killed.
    ///
    /// # Errors
    /// If it may still be there, such as an image that a container was made from.
    pub async fn discard(&self, kind: BelongingKind, name: &str) -> Result<(), Error> {
        let engine = self.engine().await?;
        let removed = match kind {
            BelongingKind::Container => return self.remove(name).await,
            BelongingKind::Volume => engine.client.remove_volume(name, None::<RemoveVolumeOptions>).await,
            BelongingKind::Image => {
                let options = RemoveImageOptionsBuilder::new().build();
                let removed = engine.client.remove_image(name, Some(options), None).await;
                removed.map(|_| ())
            }
        };
        match removed {
            Ok(()) => Ok(()),
            Err(e) if engine::status(&e) == Some(404) => Ok(()),
            Err(e) => Err(engine.error("remove it", e)),
        }
    }

    /// Returns where the engine keeps its data, if that is a directory of this host.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub async fn data_root(&self) -> Result<Option<PathBuf>, Error> {
        let engine = self.engine().await?;
        if !engine.host.starts_with("unix://") {
            return Ok(None);
        }
        let info = engine
            .client
            .info()
            .await
            .map_err(|e| engine.error("describe itself", e))?;
        let root = info.docker_root_dir.map(PathBuf::from);
        // An engine in a virtual machine names a directory of that machine.
        Ok(root.filter(|root| root != Path::new("/") && root.is_dir()))
    }
}

fn labelled(label: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![label.to_owned()])])
}

fn of_container(container: ContainerSummary) -> Option<Belonging> {
    use ContainerSummaryStateEnum as State;
    let name = container
        .names
        .iter()
        .flatten()
        .find_map(|name| name.strip_prefix('/'))?;
    Some(Belonging {
        kind: BelongingKind::Container,
        name: name.to_owned(),
        labels: container.labels.unwrap_or_default().into_iter().collect(),
        bytes: bytes(container.size_rw),
        made_ms: container.created.and_then(millis),
        in_use: matches!(
            container.state,
            Some(State::RUNNING | State::PAUSED | State::RESTARTING)
        ),
    })
}

fn of_volume(volume: Volume) -> Belonging {
    let usage = volume.usage_data.as_ref();
    Belonging {
        kind: BelongingKind::Volume,
        bytes: bytes(usage.map(|usage| usage.size)),
        made_ms: None,
        in_use: usage.is_some_and(|usage| usage.ref_count > 0),
        name: volume.name,
        labels: volume.labels.into_iter().collect(),
    }
}

fn of_image(image: ImageSummary, in_use: bool) -> Belonging {
    Belonging {
        kind: BelongingKind::Image,
        // By its tag, so that what another name still needs stays.
        name: tag(image.repo_tags).unwrap_or(image.id),
        labels: image.labels.into_iter().collect(),
        bytes: bytes(Some(image.size)),
        made_ms: millis(image.created),
        in_use,
    }
}

/// Returns the first tag that names an image. Some engines give those that have lost theirs to a newer one the tag
/// `<none>:<none>`, which names none.
fn tag(tags: Vec<String>) -> Option<String> {
    tags.into_iter().find(|tag| !tag.starts_with("<none>"))
}

/// The engine says -1 where it does not know.
fn bytes(size: Option<i64>) -> u64 {
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0)
}

fn millis(seconds: i64) -> Option<u64> {
    u64::try_from(seconds).ok().map(|seconds| seconds.saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn an_image_without_a_tag_has_no_name_that_others_share() {
        let tags = |tags: &[&str]| tag(tags.iter().map(|tag| (*tag).to_owned()).collect());
        assert_eq!(tags(&[]), None);
        assert_eq!(tags(&["<none>:<none>"]), None);
        assert_eq!(tags(&["aca-sandbox:1"]).as_deref(), Some("aca-sandbox:1"));
    }
}
