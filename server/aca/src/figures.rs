//! Numbers as people read them: times, sizes, tokens, money.

use std::time::{SystemTime, UNIX_EPOCH};

use aca_protocol::task::Usage;

/// Returns the time, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A length of time, in its two largest units: `41 s`, `3 min 5 s`, `2 h 3 min`, `4 d 2 h`.
pub(crate) fn span(seconds: u64) -> String {
    let two = |(large, unit): (u64, &str), (small, subunit): (u64, &str)| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {subunit}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => two((seconds / 60, "min"), (seconds % 60, "s")),
        3600..86_400 => two((seconds / 3600, "h"), (seconds % 3600 / 60, "min")),
        _ => two((seconds / 86_400, "d"), (seconds % 86_400 / 3600, "h")),
    }
}

/// A length of time in at most six columns: `41s`, `3m05s`, `2h03m`, `4d02h`.
pub(crate) fn short_span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// A number in at most five columns: `950`, `5.1k`, `120k`, `3.4M`.
pub(crate) fn short_number(number: u64) -> String {
    scaled(number, 1000, &["", "k", "M", "G"])
}

/// A size in at most five columns: `950B`, `5.1K`, `120M`, `3.4G`.
pub(crate) fn short_bytes(bytes: u64) -> String {
    scaled(bytes, 1024, &["B", "K", "M", "G", "T"])
}

fn scaled(number: u64, base: u64, units: &[&str]) -> String {
    let mut unit = units.iter();
    let mut name = unit.next().copied().unwrap_or_default();
    // In tenths, so that a digit after the point is left.
    let mut tenths = number.saturating_mul(10);
    let mut whole = true;
    for next in unit {
        if tenths < base * 10 {
            break;
        }
        tenths /= base;
        name = next;
        whole = false;
    }
    if whole || tenths >= 100 {
        format!("{}{name}", tenths / 10)
    } else {
        format!("{}.{}{name}", tenths / 10, tenths % 10)
    }
}

/// All tokens of some use, in and out.
pub(crate) fn tokens(usage: &Usage) -> u64 {
    usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.output_tokens
}

/// Money, from millionths of a US dollar.
pub(crate) fn cost(micros: u64) -> String {
    match micros / 10_000 {
        0 if micros > 0 => "< $0.01".to_owned(),
        cents => format!("${}.{:02}", cents / 100, cents % 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (seconds, long, short) in [
            (0, "0 s", "0s"),
            (59, "59 s", "59s"),
            (60, "1 min", "1m00s"),
            (185, "3 min 5 s", "3m05s"),
            (7380, "2 h 3 min", "2h03m"),
            (86_400 * 4 + 7300, "4 d 2 h", "4d02h"),
        ] {
            assert_eq!((span(seconds).as_str(), short_span(seconds).as_str()), (long, short));
        }
    }

    #[test]
    fn numbers_sizes_and_money() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1.0k"),
            (5120, "5.1k"),
            (120_000, "120k"),
            (3_450_000, "3.4M"),
        ] {
            assert_eq!(short_number(number), expected);
        }
        for (bytes, expected) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.0K"),
            (120 << 20, "120M"),
            (3 << 30, "3.0G"),
        ] {
            assert_eq!(short_bytes(bytes), expected);
        }
        for (micros, expected) in [(0, "$0.00"), (1, "< $0.01"), (31_200, "$0.03"), (12_345_678, "$12.34")] {
            assert_eq!(cost(micros), expected);
        }
    }
}
