//! The loopback interface of a new network namespace, which is there but down.

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

use super::{Error, step};

/// `RTM_NEWLINK` and `NLM_F_REQUEST | NLM_F_ACK`, of rtnetlink(7) and netlink(7).
const NEW_LINK: u16 = 16;
const REQUEST_ACKED: u16 = 1 | 4;
const LOOPBACK_INDEX: i32 = 1;
/// `IFF_UP`.
const UP: u32 = 1;

/// Brings the loopback interface up, so that programs inside can talk to each other.
pub(super) fn up() -> Result<(), Error> {
    let doing = || "Bringing the loopback interface up";
    // Protocol zero is NETLINK_ROUTE.
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None);
    let socket = socket.map_err(step(doing()))?;
    send(&socket, &request(), SendFlags::empty()).map_err(step(doing()))?;
    let mut answer = [0_u8; 1024];
    let (_, length) = recv(&socket, &mut answer, RecvFlags::empty()).map_err(step(doing()))?;
    // After the header of 16 bytes, an acknowledgement begins with a negated error number.
    let code = answer
        .get(..length)
        .and_then(|a| a.get(16..20))
        .and_then(|c| c.try_into().ok());
    match code.map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(code) => Err(step(doing())(std::io::Error::from_raw_os_error(-code))),
        None => Err(Error::Inner(format!(
            "{} failed: the kernel's answer is too short.",
            doing()
        ))),
    }
}

/// Returns a header (length, type, flags, sequence, sender) and an interface message (family, padding, type, index,
/// flags, which of them to change).
fn request() -> Vec<u8> {
    let mut message = Vec::with_capacity(32);
    message.extend(32_u32.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST_ACKED.to_ne_bytes());
    message.extend(1_u32.to_ne_bytes());
    message.extend(0_u32.to_ne_bytes());
    message.extend([0_u8, 0]);
    message.extend(0_u16.to_ne_bytes());
    message.extend(LOOPBACK_INDEX.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_request_is_as_long_as_it_says() {
        let request = super::request();
        assert_eq!(request.len(), 32);
        assert_eq!(request[..4], 32_u32.to_ne_bytes());
    }
}
