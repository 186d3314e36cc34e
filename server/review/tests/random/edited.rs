//! A person edits the proposed text, between decisions and typing: what they made of it is what is proposed, and what
//! lands. Only where something has landed an edit may be refused.

use crate::triples::{Random, Shape, triple};
use aca_protocol::HunkId;
use aca_review::ledger::{FileLedger, Placement, Resolution, Standing};
use aca_review::{EditError, Hunk};

const CASES: u64 = 4_000;

#[test]
fn small_files() {
    check(Shape::Small, CASES);
}

#[test]
fn repeating_lines() {
    check(Shape::Repeating, CASES);
}

#[test]
fn prose() {
    check(Shape::Prose, CASES);
}

#[test]
fn unrelated_texts() {
    check(Shape::Unrelated, CASES);
}

#[test]
fn edits_near_one_another() {
    check(Shape::Near, CASES / 8);
}

#[test]
fn source_code() {
    check(Shape::Code, CASES / 8);
}

fn check(shape: Shape, cases: u64) {
    let (mut refused, mut unclear) = (0, 0);
    for seed in 0..cases {
        let mut case = Case::new(shape, seed);
        for _ in 0..4 {
            refused += u64::from(!case.user_edits(seed));
            case.user_types();
            case.user_decides();
        }
        unclear += case.unclear;
    }
    assert!(refused < cases / 2, "too much is refused: {refused}");
    assert!(unclear <= cases / 500, "too much is unclear: {unclear}");
}

struct Case {
    random: Random,
    ledger: FileLedger,
    live: String,
    /// How many edits were refused because they could not be told apart from what else was changed.
    unclear: u64,
}

impl Case {
    fn new(shape: Shape, seed: u64) -> Self {
        let (base, live, result) = triple(shape, seed);
        Self {
            random: Random::new(seed ^ 0x5EED),
            ledger: FileLedger::new("f", &base, &result),
            live,
            unclear: 0,
        }
    }

    /// Edits the proposed text, or goes back to the live one. Returns whether the edit was taken over.
    fn user_edits(&mut self, seed: u64) -> bool {
        let before = self.ledger.propose(&self.live);
        let text = match self.random.below(6) {
            0 => self.live.clone(),
            _ => changed(&mut self.random, &before.text),
        };
        let hunks = self.ledger.hunks().to_vec();
        let landed = |hunk: &&Hunk| matches!(self.ledger.standing(&hunk.id), Some(Standing::Landed { .. }));
        let landed: Vec<&Hunk> = hunks.iter().filter(landed).collect();
        let mut edited = match self.ledger.edited(&self.live, &text) {
            Ok(edited) => edited,
            Err(error) => {
                assert!(!landed.is_empty(), "{seed}: {error}");
                self.unclear += u64::from(error == EditError::Unclear);
                return false;
            }
        };
        assert_eq!(edited.propose(&self.live).text, text, "{seed}");
        for hunk in landed {
            assert_eq!(edited.standing(&hunk.id), self.ledger.standing(&hunk.id), "{seed}");
        }
        let spans = edited.spans();
        self.ledger = edited;
        assert_eq!(self.accepted_all(), text, "{seed}: {spans:?}");
        true
    }

    /// Returns what the file says if everything open is accepted, conflicts with the agent's text.
    fn accepted_all(&mut self) -> String {
        let ids: Vec<HunkId> = self.ledger.hunks().iter().map(|hunk| hunk.id.clone()).collect();
        let placed: Vec<Placement> = self.ledger.place(&self.live).to_vec();
        let resolution = |placement| match placement {
            Placement::Overlap { .. } | Placement::Gone { .. } => Resolution::Agent,
            _ => Resolution::Merge,
        };
        let open = ids.into_iter().zip(placed);
        let open = open.filter(|(id, _)| self.ledger.standing(id) == Some(&Standing::Open));
        let chosen: Vec<(HunkId, Resolution)> = open.map(|(id, placement)| (id, resolution(placement))).collect();
        self.ledger.land(&self.live, &chosen).unwrap().text
    }

    fn user_types(&mut self) {
        if self.random.below(2) == 0 {
            self.live = changed(&mut self.random, &self.live);
        }
    }

    fn user_decides(&mut self) {
        let ids: Vec<HunkId> = self.ledger.hunks().iter().map(|hunk| hunk.id.clone()).collect();
        for id in ids {
            if self.ledger.standing(&id) != Some(&Standing::Open) {
                continue;
            }
            match self.random.below(6) {
                0 => self.ledger.set(&id, Standing::Rejected).unwrap(),
                1 => {
                    let Ok(landed) = self.ledger.land(&self.live, &[(id, Resolution::Merge)]) else {
                        continue;
                    };
                    self.live = landed.text;
                    for (id, text) in landed.hunks {
                        self.ledger.set(&id, Standing::Landed { text }).unwrap();
                    }
                }
                _ => {}
            }
        }
    }
}

/// Replaces a few lines of a text by others, some of which it has already.
fn changed(random: &mut Random, text: &str) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let known = lines.clone();
    for _ in 0..=random.below(2) {
        random.splice(&mut lines, 3, 3, &mut |random| match random.below(2) {
            0 if !known.is_empty() => known[random.below(known.len() as u64) as usize].clone(),
            _ => format!("mine {}\n", random.below(9)),
        });
    }
    let mut text = lines.concat();
    match random.below(8) {
        0 if text.ends_with('\n') => drop(text.pop()),
        1 => text.push_str("last"),
        _ => {}
    }
    text
}
