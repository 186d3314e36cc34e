//! What `aca doctor` says of the container engine.

use super::{Docker, image};
use crate::Error;

/// The engine as it is, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Its address.
    pub host: String,
    /// Its version.
    pub version: String,
    /// Whether sandboxes go on when the engine is restarted.
    pub live_restore: bool,
    /// Its control groups: version and driver. Limits need them.
    pub cgroup: String,
    /// Its storage driver.
    pub storage: String,
    /// The kernel it runs on.
    pub kernel: String,
    /// Whether it has seccomp.
    pub seccomp: bool,
    /// Whether it runs without root.
    pub rootless: bool,
    /// The image that sandboxes run on.
    pub image: String,
    /// Whether the engine has that image.
    pub image_present: bool,
    /// Whether it has only images of aca's that an older Dockerfile made.
    pub image_stale: bool,
    /// What the engine itself warns of.
    pub warnings: Vec<String>,
}

impl Docker {
    /// Asks the engine how it is.
    ///
    /// # Errors
    /// [`Error::NoEngine`] if it does not answer.
    pub async fn diagnose(&self) -> Result<Diagnosis, Error> {
        let engine = self.engine().await?;
        let info = engine
            .client
            .info()
            .await
            .map_err(|e| engine.error("describe itself", e))?;
        let image_present = self.has_image().await?;
        let options = info.security_options.unwrap_or_default();
        let has = |name: &str| options.iter().any(|option| option.contains(&format!("name={name}")));
        let cgroup = [
            info.cgroup_version.map(|v| v.to_string()),
            info.cgroup_driver.map(|d| d.to_string()),
        ];
        Ok(Diagnosis {
            host: engine.host.clone(),
            version: info.server_version.unwrap_or_default(),
            live_restore: info.live_restore_enabled.unwrap_or(false),
            cgroup: cgroup.into_iter().flatten().collect::<Vec<_>>().join(" "),
            storage: info.driver.unwrap_or_default(),
            kernel: info.kernel_version.unwrap_or_default(),
            seccomp: has("seccomp"),
            rootless: has("rootless"),
            image: self.image(),
            image_present,
            image_stale: !image_present && self.config.image.is_none() && self.has_other_image().await?,
            warnings: info.warnings.unwrap_or_default(),
        })
    }

    /// Says whether any image that aca built is on the engine.
    async fn has_other_image(&self) -> Result<bool, Error> {
        let engine = self.engine().await?;
        let filters = std::collections::HashMap::from([("label", vec![image::HASH_LABEL])]);
        let options = bollard::query_parameters::ListImagesOptionsBuilder::new()
            .filters(&filters)
            .build();
        let images = engine.client.list_images(Some(options)).await;
        Ok(!images.map_err(|e| engine.error("list images", e))?.is_empty())
    }
}
