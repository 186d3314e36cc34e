//! The gateway as a sandbox meets it: over a byte stream, before real HTTP upstreams on loopback and the replay.

#[cfg(test)]
mod errors;
#[cfg(test)]
mod exchanges;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod support;
