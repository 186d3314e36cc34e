//! A user types, decides, splits, joins and undoes in random order, in a file of any encoding: whatever they typed is
//! in the file, unless they removed it or chose the agent's text instead.

use crate::triples::{Random, Shape, triple};
use aca_protocol::HunkId;
use aca_review::ledger::{FileLedger, Landed, Placement, Resolution, Standing};
use aca_review::text::{Encoding, decode, encode};
use aca_review::{Merge, merge};

const ENCODINGS: [Encoding; 5] = [
    Encoding::Utf8,
    Encoding::Utf8Bom,
    Encoding::Utf16Le,
    Encoding::Utf16Be,
    Encoding::Latin1,
];

const HISTORIES: u64 = 1_500;
const STEPS: u64 = 25;

#[test]
fn small_files() {
    check(Shape::Small, HISTORIES);
}

#[test]
fn repeating_lines() {
    check(Shape::Repeating, HISTORIES);
}

#[test]
fn prose() {
    check(Shape::Prose, HISTORIES);
}

#[test]
fn source_code() {
    check(Shape::Code, HISTORIES / 3);
}

fn check(shape: Shape, histories: u64) {
    let landings: u64 = (0..histories).map(|seed| History::new(shape, seed).run()).sum();
    assert!(landings > histories, "too little lands: {landings}");
}

struct History {
    random: Random,
    encoding: Encoding,
    ledger: FileLedger,
    live: String,
    /// The texts before and after the last landing.
    last: Option<(String, String)>,
    marks: u64,
    landings: u64,
}

impl History {
    fn new(shape: Shape, seed: u64) -> Self {
        let (base, _, result) = triple(shape, seed);
        let random = Random::new(seed ^ 0xABCD);
        Self {
            random,
            encoding: ENCODINGS[(seed % 5) as usize],
            ledger: FileLedger::new("f", &base, &result),
            live: base,
            last: None,
            marks: 0,
            landings: 0,
        }
    }

    /// Returns how many hunks landed.
    fn run(mut self) -> u64 {
        for _ in 0..STEPS {
            match self.random.below(10) {
                0..4 => self.user_types(),
                4..7 => self.user_lands(),
                7 => self.user_rejects_or_amends(),
                8 => self.user_cuts(),
                _ => self.user_undoes(),
            }
            self.file_comes_back();
        }
        self.landings
    }

    /// Inserts a line, adds a word to one, or removes one. What is typed is marked with a number of its own.
    fn user_types(&mut self) {
        let mut lines: Vec<String> = self.live.split_inclusive('\n').map(str::to_owned).collect();
        let at = self.random.below(lines.len() as u64 + 1) as usize;
        self.marks += 1;
        let mark = format!("<{}>", self.marks);
        match self.random.below(5) {
            0 if at < lines.len() => drop(lines.remove(at)),
            1 | 2 if at < lines.len() => lines[at].insert_str(0, &mark),
            _ if at == 0 || lines[at - 1].ends_with('\n') => lines.insert(at, format!("{mark}\n")),
            _ => lines[at - 1].push_str(&mark),
        }
        self.live = lines.concat();
    }

    fn some_hunk(&mut self) -> Option<HunkId> {
        let count = self.ledger.hunks().len() as u64;
        let index = (count > 0).then(|| self.random.below(count))?;
        Some(self.ledger.hunks()[index as usize].id.clone())
    }

    fn user_lands(&mut self) {
        let mut chosen: Vec<(HunkId, Resolution)> = Vec::new();
        for _ in 0..=self.random.below(3) {
            let resolution = match self.random.below(4) {
                0 | 1 => Resolution::Merge,
                2 => Resolution::Both,
                _ => Resolution::Agent,
            };
            chosen.extend(self.some_hunk().map(|id| (id, resolution)));
        }
        chosen.sort_by(|a, b| a.0.cmp(&b.0));
        chosen.dedup_by(|a, b| a.0 == b.0);
        let replaced = self.replaced(&chosen);
        let Ok(Landed { text, hunks }) = self.ledger.land(&self.live, &chosen) else {
            assert!(chosen.iter().any(|(_, resolution)| *resolution == Resolution::Merge));
            return;
        };
        assert_eq!(hunks.len(), chosen.len());
        let kept: Vec<u64> = marks(&self.live)
            .into_iter()
            .filter(|mark| !replaced.contains(mark))
            .collect();
        let there: Vec<u64> = marks(&text).into_iter().filter(|mark| kept.contains(mark)).collect();
        assert_eq!(there, kept, "{:?}\n became {:?}\n by {chosen:?}", self.live, text);
        for (id, text) in hunks {
            self.ledger.set(&id, Standing::Landed { text }).unwrap();
            self.landings += 1;
        }
        let before = std::mem::replace(&mut self.live, text);
        self.last = Some((before, self.live.clone()));
    }

    /// Returns the marks in the lines that a decision for the agent's text replaces.
    fn replaced(&mut self, chosen: &[(HunkId, Resolution)]) -> Vec<u64> {
        let lines: Vec<&str> = self.live.split_inclusive('\n').collect();
        let hunks: Vec<HunkId> = self.ledger.hunks().iter().map(|hunk| hunk.id.clone()).collect();
        let mut replaced = Vec::new();
        for (id, placement) in hunks.iter().zip(self.ledger.place(&self.live)) {
            let in_the_way = matches!(placement, Placement::Overlap { .. } | Placement::Touched { .. });
            if in_the_way && chosen.contains(&(id.clone(), Resolution::Agent)) {
                replaced.extend(marks(&lines[placement.line()..][..placement.lines()].concat()));
            }
        }
        replaced
    }

    fn user_rejects_or_amends(&mut self) {
        let Some(id) = self.some_hunk() else { return };
        if self.random.below(2) == 0 {
            if self.ledger.standing(&id) == Some(&Standing::Open) {
                self.ledger.set(&id, Standing::Rejected).unwrap();
            }
        } else {
            let amended = self.ledger.proposed(&id).unwrap().replace('e', "3");
            // A decided hunk refuses it.
            let _ = self.ledger.amend(&id, Some(amended.into()));
        }
    }

    fn user_cuts(&mut self) {
        let Some(id) = self.some_hunk() else { return };
        if self.random.below(3) > 0 {
            let from = self.random.below(4) as usize;
            let len = 1 + self.random.below(3) as usize;
            // Some ranges are refused.
            let _ = self.ledger.split(&id, from..from + len);
        } else if let Some(index) = self.ledger.hunks().iter().position(|hunk| hunk.id == id)
            && let Some(next) = self.ledger.hunks().get(index + 1).map(|hunk| hunk.id.clone())
        {
            // Decided hunks refuse it.
            let _ = self.ledger.join(&[id, next]);
        }
    }

    /// Takes the last landing back, as a merge; what was typed since stays.
    fn user_undoes(&mut self) {
        let Some((before, after)) = self.last.take() else {
            return;
        };
        if let Merge::Clean(text) = merge(&after, &self.live, &before) {
            let since: Vec<u64> = marks(&self.live)
                .into_iter()
                .filter(|mark| !marks(&after).contains(mark))
                .collect();
            let there: Vec<u64> = marks(&text).into_iter().filter(|mark| since.contains(mark)).collect();
            assert_eq!(there, since, "{:?}\n became {:?}", self.live, text);
            if self.live == after {
                assert_eq!(text, before);
            }
            // The undo is the last landing now: it can be taken back in the same way.
            let before = std::mem::replace(&mut self.live, text);
            self.last = Some((before, self.live.clone()));
        }
    }

    /// What is written in the file's encoding reads as the same text, and is written the same again.
    fn file_comes_back(&self) {
        let Ok(bytes) = encode(&self.live, self.encoding) else {
            assert_eq!(self.encoding, Encoding::Latin1);
            return;
        };
        let Some(decoded) = decode(&bytes) else {
            panic!("{bytes:?} is text")
        };
        assert_eq!(encode(&decoded.text, decoded.encoding).unwrap(), bytes);
        if decoded.encoding == self.encoding {
            assert_eq!(decoded.text, self.live);
        }
    }
}

/// Returns the marks in a text, in order.
fn marks(text: &str) -> Vec<u64> {
    let after = text.split('<').skip(1);
    after.filter_map(|rest| rest.split_once('>')?.0.parse().ok()).collect()
}
