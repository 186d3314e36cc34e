//! What the processes of a sandbox take of the machine, from `/proc` (proc(5)).

use std::collections::{HashMap, HashSet};

use rustix::param::{clock_ticks_per_second, page_size};

use crate::backend::Load;

/// One process, as its `stat` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sample {
    parent: i32,
    /// Its own processor time and that of its children that have ended, in clock ticks.
    ticks: u64,
    /// Memory that is not swapped out, in pages.
    pages: u64,
}

/// Returns what all descendants of a process take.
pub(super) fn below(supervisor: i32) -> Load {
    sum(&all(), supervisor)
}

/// Looks at every process that there is. One that ends meanwhile is left out.
fn all() -> HashMap<i32, Sample> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let look = |pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some((pid, sample(&stat)?))
    };
    pids.filter_map(look).collect()
}

fn sample(stat: &str) -> Option<Sample> {
    // The second field may hold anything, in parentheses.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Sample {
        parent: fields.get(1)?.parse().ok()?,
        ticks: [14, 15, 16, 17].into_iter().filter_map(number).sum(),
        pages: number(24)?,
    })
}

fn sum(all: &HashMap<i32, Sample>, supervisor: i32) -> Load {
    let mut inside = HashSet::from([supervisor]);
    let mut grown = true;
    while grown {
        let children = all.iter().filter(|(_, sample)| inside.contains(&sample.parent));
        let children: Vec<i32> = children.map(|(pid, _)| *pid).collect();
        let before = inside.len();
        inside.extend(children);
        grown = inside.len() > before;
    }
    // The supervisor is outside.
    inside.remove(&supervisor);
    let samples: Vec<&Sample> = inside.iter().filter_map(|pid| all.get(pid)).collect();
    let ticks: u64 = samples.iter().map(|sample| sample.ticks).sum();
    let pages: u64 = samples.iter().map(|sample| sample.pages).sum();
    Load {
        cpu_ns: Some(ticks.saturating_mul(1_000_000_000 / clock_ticks_per_second().max(1))),
        memory_bytes: Some(pages.saturating_mul(page_size() as u64)),
        processes: u32::try_from(samples.len()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_name() {
        let rest = "S 4 7 7 0 -1 0 0 0 0 0 10 20 3 4 20 0 1 0 4242 1000 55 0";
        let expected = Sample {
            parent: 4,
            ticks: 37,
            pages: 55,
        };
        assert_eq!(sample(&format!("7 (sh) {rest}")), Some(expected));
        assert_eq!(sample(&format!("7 (a) S (b) {rest}")), Some(expected));
        assert_eq!(sample("7 (sh) S 1 2"), None);
        assert_eq!(sample(""), None);
    }

    #[test]
    fn what_is_inside_is_summed_and_nothing_else() {
        let sample = |parent, ticks, pages| Sample { parent, ticks, pages };
        let all = HashMap::from([
            (10, sample(1, 1000, 1000)),
            (11, sample(10, 1, 2)),
            (12, sample(11, 10, 20)),
            (13, sample(12, 100, 200)),
            (99, sample(1, 5000, 5000)),
        ]);
        let load = sum(&all, 10);
        assert_eq!(load.processes, Some(3));
        assert_eq!(load.memory_bytes, Some(222 * page_size() as u64));
        assert_eq!(load.cpu_ns, Some(111 * (1_000_000_000 / clock_ticks_per_second())));
        assert_eq!(sum(&all, 98).processes, Some(0));
    }

    #[test]
    fn this_process_is_found_below_its_parent() {
        let parent = rustix::process::getppid().unwrap().as_raw_nonzero().get();
        let load = below(parent);
        assert!(load.processes.is_some_and(|count| count >= 1), "{load:?}");
        assert!(load.memory_bytes.is_some_and(|bytes| bytes > 100_000), "{load:?}");
    }
}
