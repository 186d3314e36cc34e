//! Random triples of texts: a base and two versions of it. A shape and a seed name a triple for ever.

/// What the texts look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Up to 24 lines over 2 to 21 symbols, a few edits, now and then CRLF or no line end at the end.
    Small,
    /// Up to 40 lines over 2 or 3 symbols, so that every difference can be drawn in many ways.
    Repeating,
    /// Source code of 30 to 300 lines, with blank lines, braces and repeated statements; a few edits each.
    Code,
    /// The same, with edits of both close to one another, and some of them the same.
    Near,
    /// Prose of any script with line ends of all kinds, and often none at the end.
    Prose,
    /// Small texts that have little or nothing to do with one another.
    Unrelated,
    /// Source code of some 3,000 lines, with up to 60 edits each.
    Long,
    /// 1,500 lines over 30 symbols, of which a fifth to a half differ at random: the shortest difference is too
    /// expensive to find. The other version has one edit.
    Expensive,
}

/// Returns base, live and result.
pub(crate) fn triple(shape: Shape, seed: u64) -> (String, String, String) {
    let mut random = Random::new(seed);
    match shape {
        Shape::Small => {
            let symbols = 2 + random.below(20);
            let base: Vec<String> = (0..random.below(24)).map(|_| random.line(symbols)).collect();
            random.versions(&base, |random, base| random.edited(base, symbols))
        }
        Shape::Repeating => {
            let symbols = 2 + random.below(2);
            let base: Vec<String> = (0..random.below(40))
                .map(|_| format!("{}\n", random.below(symbols)))
                .collect();
            random.versions(&base, |random, base| {
                let mut lines = base.to_vec();
                for _ in 0..=random.below(4) {
                    random.splice(&mut lines, 4, 4, &mut |random| format!("{}\n", random.below(symbols)));
                }
                lines
            })
        }
        Shape::Code => {
            let base = random.code();
            random.versions(&base, |random, base| {
                let mut lines = base.to_vec();
                for _ in 0..=random.below(5) {
                    random.edit_code(&mut lines, None);
                }
                lines
            })
        }
        Shape::Near => {
            let base = random.code();
            let near = random.below(base.len() as u64) as usize;
            let mut shared = base.clone();
            if random.below(3) == 0 {
                random.edit_code(&mut shared, None);
            }
            let (mut live, mut result) = (shared.clone(), shared);
            for lines in [&mut live, &mut result] {
                for _ in 0..=random.below(2) {
                    random.edit_code(lines, Some(near));
                }
            }
            (base.concat(), live.concat(), result.concat())
        }
        Shape::Prose => {
            let base: Vec<String> = (0..random.below(30)).map(|_| random.prose()).collect();
            random.versions(&base, |random, base| {
                let mut lines = base.to_vec();
                for _ in 0..=random.below(3) {
                    random.splice(&mut lines, 2, 3, &mut Random::prose);
                }
                lines
            })
        }
        Shape::Unrelated => {
            let mut text = || -> String {
                let symbols = 2 + random.below(6);
                (0..random.below(12)).map(|_| random.line(symbols)).collect()
            };
            (text(), text(), text())
        }
        Shape::Long => {
            let base: Vec<String> = (0..20).flat_map(|_| random.code()).collect();
            random.versions(&base, |random, base| {
                let mut lines = base.to_vec();
                for _ in 0..=random.below(60) {
                    random.edit_code(&mut lines, None);
                }
                lines
            })
        }
        Shape::Expensive => {
            let base: Vec<String> = (0..1_500).map(|_| random.line(30)).collect();
            let rarity = 2 + random.below(4);
            let mut other = base.clone();
            for line in &mut other {
                if random.below(rarity) == 0 {
                    *line = random.line(30);
                }
            }
            let mut one = base.clone();
            random.splice(&mut one, 3, 3, &mut |random| random.line(60));
            let (live, result) = if random.below(2) == 0 {
                (one, other)
            } else {
                (other, one)
            };
            (base.concat(), live.concat(), result.concat())
        }
    }
}

/// A small generator, so that a seed names a case for ever.
pub(crate) struct Random(u64);

impl Random {
    /// Returns a generator for a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    /// Makes two versions of a base; each text may lose the line end at its end.
    fn versions(
        &mut self,
        base: &[String],
        edited: impl Fn(&mut Self, &[String]) -> Vec<String>,
    ) -> (String, String, String) {
        let live = edited(self, base);
        let result = edited(self, base);
        let mut text = |lines: &[String]| {
            let mut text = lines.concat();
            if self.below(6) == 0 && text.ends_with('\n') {
                text.pop();
            }
            text
        };
        (text(base), text(&live), text(&result))
    }

    fn line(&mut self, symbols: u64) -> String {
        let end = if self.below(9) == 0 { "\r\n" } else { "\n" };
        format!("line {}{end}", self.below(symbols))
    }

    fn edited(&mut self, base: &[String], symbols: u64) -> Vec<String> {
        let mut lines = base.to_vec();
        for _ in 0..=self.below(3) {
            self.splice(&mut lines, 3, 3, &mut |random| random.line(symbols + 3));
        }
        lines
    }

    /// Replaces fewer than `old` lines somewhere by fewer than `new` others.
    pub(crate) fn splice(
        &mut self,
        lines: &mut Vec<String>,
        old: u64,
        new: u64,
        line: &mut dyn FnMut(&mut Self) -> String,
    ) {
        let at = self.below(lines.len() as u64 + 1) as usize;
        let end = (at + self.below(old) as usize).min(lines.len());
        let new: Vec<String> = (0..self.below(new)).map(|_| line(self)).collect();
        lines.splice(at..end, new);
    }

    fn code(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let count = 30 + self.below(270) as usize;
        while lines.len() < count {
            lines.push(format!("fn f{}(a: u32) -> u32 {{\n", self.below(40)));
            for _ in 0..self.below(12) {
                lines.push(self.statement());
            }
            lines.push("}\n".to_owned());
            lines.push("\n".to_owned());
        }
        lines
    }

    fn statement(&mut self) -> String {
        match self.below(9) {
            0 => "\n".to_owned(),
            1 => "    }\n".to_owned(),
            2 => format!("    if a > {} {{\n", self.below(5)),
            3 => "    return Err(error);\n".to_owned(),
            4 => "    // See above.\n".to_owned(),
            _ => format!("    let v{} = compute({}, a);\n", self.below(60), self.below(20)),
        }
    }

    /// Does what people do: change a line, add or remove some, copy a block, move one.
    fn edit_code(&mut self, lines: &mut Vec<String>, near: Option<usize>) {
        let at = match near {
            Some(near) => near + self.below(7) as usize,
            None => self.below(lines.len() as u64 + 1) as usize,
        };
        let at = at.min(lines.len());
        let len = 1 + self.below(6) as usize;
        let end = (at + len).min(lines.len());
        match self.below(8) {
            0..=2 => {
                if let Some(line) = lines.get_mut(at) {
                    *line = line.replace("a", "b").replace('}', "} //");
                }
            }
            3 | 4 => {
                let new: Vec<String> = (0..len).map(|_| self.statement()).collect();
                lines.splice(at..at, new);
            }
            5 => drop(lines.drain(at..end)),
            6 => {
                let block: Vec<String> = lines[at..end].to_vec();
                lines.splice(end..end, block);
            }
            _ => {
                let block: Vec<String> = lines.drain(at..end).collect();
                let to = (at + self.below(10) as usize).min(lines.len());
                lines.splice(to..to, block);
            }
        }
    }

    fn prose(&mut self) -> String {
        let end = ["\n", "\n", "\r\n", "\n\n", "\r"][self.below(5) as usize];
        let words = ["Überdruß", "naïve", "日本語", "слово", "😀", "the", "\u{301}", "a\tb"];
        let line: Vec<&str> = (0..self.below(4)).map(|_| words[self.below(8) as usize]).collect();
        line.join(" ") + end
    }
}
