//! The functional core under a simulator: seeded schedules of what people, container engines, files, clocks and crashes
//! do, and an oracle that checks after every step what aca guarantees.
//!
//! A schedule is a seed and the steps of it that are taken; each step draws from a number of its own, so a schedule that
//! fails is made smaller by leaving steps out. `ACA_SUITE_ROUNDS=100000 cargo nextest run -p aca-engine simulate` is a
//! long run; `ACA_SUITE_SEED` runs one schedule again. What the shell does around the core is modelled in `shell.rs` and
//! `worker.rs`, step by step, with the real decisions: those of the core, and `attempt::reconcile`.

mod carry;
mod files;
mod oracle;
mod person;
mod shell;
mod worker;
mod world;

use std::collections::BTreeSet;

use shell::Simulation;

/// Schedules of a run on every commit.
const ROUNDS: u64 = 2_000;
/// Steps of a schedule.
const STEPS: usize = 140;

/// What a step draws from.
struct Dice(fastrand::Rng);

impl Dice {
    fn of(seed: u64, step: usize) -> Self {
        let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(step as u64);
        Self(fastrand::Rng::with_seed(mixed))
    }

    /// Whether one in `n` cases comes about.
    fn one_in(&mut self, n: u32) -> bool {
        self.0.u32(0..n) == 0
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        self.0.choice(all)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0.usize(0..n.max(1))
    }
}

/// Runs a schedule without some of its steps. Returns what was violated, if anything.
fn run(seed: u64, without: &BTreeSet<usize>) -> Result<Simulation, String> {
    let mut simulation = Simulation::new(seed);
    for step in (0..STEPS).filter(|step| !without.contains(step)) {
        simulation.step(&mut Dice::of(seed, step));
        simulation
            .check()
            .map_err(|violated| format!("after step {step}: {violated}"))?;
    }
    simulation
        .leave_alone()
        .map_err(|violated| format!("left alone: {violated}"))?;
    Ok(simulation)
}

/// Leaves out what a failure does not need, and returns what is left of it.
fn smaller(seed: u64) -> BTreeSet<usize> {
    let mut without = BTreeSet::new();
    for size in [32, 8, 2, 1] {
        for start in (0..STEPS).step_by(size) {
            let mut fewer = without.clone();
            fewer.extend(start..start + size);
            if run(seed, &fewer).is_err() {
                without = fewer;
            }
        }
    }
    without
}

#[test]
fn whatever_happens_in_whatever_order_the_guarantees_hold() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let seeds = match number("ACA_SUITE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ACA_SUITE_ROUNDS").unwrap_or(ROUNDS),
    };
    let mut seen = oracle::Seen::default();
    for seed in seeds {
        if seed > 0 && seed % 10_000 == 0 {
            println!("{seed} schedules");
        }
        match run(seed, &BTreeSet::new()) {
            Ok(simulation) => seen.add(&simulation),
            Err(violated) => {
                let without = smaller(seed);
                let least = run(seed, &without).err().unwrap_or_default();
                let mut trace = String::new();
                let mut again = Simulation::new(seed);
                for step in (0..STEPS).filter(|step| !without.contains(step)) {
                    let did = again.step(&mut Dice::of(seed, step));
                    trace.push_str(&format!("  {step}: {did}\n"));
                    if again.check().is_err() {
                        break;
                    }
                }
                panic!("ACA_SUITE_SEED={seed} {violated}\nand with fewer steps, {least}:\n{trace}");
            }
        }
    }
    // A simulator in which nothing happens proves nothing.
    seen.check();
}
