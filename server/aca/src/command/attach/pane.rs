//! The part of a transcript that is in sight.
//!
//! A transcript may have a hundred thousand entries, so nothing here looks at all of them: the place is an entry and a
//! line in it, and only entries near it are laid out.

use std::collections::HashMap;

use ratatui::text::Line;

use super::entry;
use super::transcript::Transcript;

/// So many laid-out entries are kept.
const KEPT: usize = 2048;

/// Where one is in a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the end, and it stays there when more comes.
    End,
    /// This line of this entry is the first in sight.
    At { entry: usize, line: usize },
}

/// The lines in sight.
#[derive(Debug)]
pub(super) struct Pane {
    place: Place,
    unfolded: bool,
    width: usize,
    height: usize,
    laid_out: HashMap<usize, Vec<Line<'static>>>,
}

impl Pane {
    /// Begins at the end.
    pub(super) fn new() -> Self {
        Self {
            place: Place::End,
            unfolded: false,
            width: 0,
            height: 0,
            laid_out: HashMap::new(),
        }
    }

    /// Sets how many columns and lines there are.
    pub(super) fn resize(&mut self, width: usize, height: usize) {
        if self.width != width {
            self.laid_out.clear();
            // A line of an entry is another one at another width.
            if let Place::At { line, .. } = &mut self.place {
                *line = 0;
            }
        }
        (self.width, self.height) = (width, height.max(1));
    }

    /// Forgets how an entry looked, because it has changed.
    pub(super) fn changed(&mut self, entry: usize) {
        self.laid_out.remove(&entry);
    }

    /// Whether more is shown as it comes.
    pub(super) fn follows(&self) -> bool {
        self.place == Place::End
    }

    /// Goes to the end and stays there.
    pub(super) fn follow(&mut self) {
        self.place = Place::End;
    }

    /// Goes to the beginning.
    pub(super) fn rewind(&mut self, transcript: &Transcript) {
        self.go_to(transcript, 0);
    }

    /// Goes to an entry.
    pub(super) fn go_to(&mut self, transcript: &Transcript, entry: usize) {
        self.place = Place::At { entry, line: 0 };
        self.settle(transcript);
    }

    /// Shows or hides what tools returned. The first entry in sight stays in sight.
    pub(super) fn fold(&mut self, transcript: &Transcript) {
        let top = (!self.follows()).then(|| self.top(transcript));
        self.unfolded = !self.unfolded;
        self.laid_out.clear();
        if let Some((entry, _)) = top {
            self.go_to(transcript, entry);
        }
    }

    /// Whether what tools returned is shown.
    pub(super) fn is_unfolded(&self) -> bool {
        self.unfolded
    }

    /// Returns the first entry in sight.
    pub(super) fn first(&mut self, transcript: &Transcript) -> usize {
        self.top(transcript).0
    }

    /// Goes up or down by lines. Going down past the end follows.
    pub(super) fn scroll(&mut self, transcript: &Transcript, lines: isize) {
        if self.follows() && lines >= 0 {
            return;
        }
        let (mut entry, mut line) = self.top(transcript);
        if lines < 0 {
            let mut left = lines.unsigned_abs();
            while left > 0 {
                if line >= left {
                    line -= left;
                    break;
                }
                left -= line + 1;
                // The last line of the entry before.
                let Some(before) = entry.checked_sub(1) else {
                    (entry, line) = (0, 0);
                    break;
                };
                entry = before;
                line = self.lines(transcript, entry).len().saturating_sub(1);
            }
        } else {
            line += lines.unsigned_abs();
            loop {
                let has = self.lines(transcript, entry).len();
                if line < has || entry + 1 >= transcript.len() {
                    break;
                }
                line -= has;
                entry += 1;
            }
        }
        self.place = Place::At { entry, line };
        self.settle(transcript);
    }

    /// Goes up or down by what is in sight, but for a line.
    pub(super) fn page(&mut self, transcript: &Transcript, down: bool) {
        let lines = isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1);
        self.scroll(transcript, if down { lines } else { -lines });
    }

    /// Returns the lines in sight.
    pub(super) fn visible(&mut self, transcript: &Transcript) -> Vec<Line<'static>> {
        if self.laid_out.len() > KEPT {
            self.laid_out.clear();
        }
        let (mut entry, line) = self.top(transcript);
        let mut skip = line;
        let mut visible = Vec::with_capacity(self.height);
        while visible.len() < self.height && entry < transcript.len() {
            let room = self.height - visible.len();
            visible.extend(self.lines(transcript, entry).iter().skip(skip).take(room).cloned());
            skip = 0;
            entry += 1;
        }
        visible
    }

    /// A place after which the rest does not fill the height is the end.
    fn settle(&mut self, transcript: &Transcript) {
        if let Place::At { entry, line } = self.place
            && (entry, line) >= self.last_top(transcript)
        {
            self.place = Place::End;
        }
    }

    /// The first line in sight.
    fn top(&mut self, transcript: &Transcript) -> (usize, usize) {
        match self.place {
            Place::At { entry, line } => (entry, line),
            Place::End => self.last_top(transcript),
        }
    }

    /// The first line in sight at the end.
    fn last_top(&mut self, transcript: &Transcript) -> (usize, usize) {
        let mut left = self.height;
        let mut entry = transcript.len();
        while let Some(before) = entry.checked_sub(1) {
            entry = before;
            let has = self.lines(transcript, entry).len();
            if has >= left {
                return (entry, has - left);
            }
            left -= has;
        }
        (0, 0)
    }

    /// An entry's lines at this width.
    fn lines(&mut self, transcript: &Transcript, index: usize) -> &[Line<'static>] {
        let (width, unfolded) = (self.width, self.unfolded);
        self.laid_out.entry(index).or_insert_with(|| {
            let rows = transcript.entry(index).map(|known| entry::rows(known, unfolded));
            rows.iter().flatten().flat_map(|row| row.wrap(width)).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::transcript::tests::{call, records, result, said};
    use super::*;

    /// A transcript of `count` tool calls, a line each, that have numbers.
    fn calls(count: usize) -> Transcript {
        let mut transcript = Transcript::default();
        let bodies = (0..count).flat_map(|number| {
            let id = number.to_string();
            [call(&id, "Read", &id), result(&id, true, "one\ntwo")]
        });
        for record in records(bodies) {
            transcript.push(&record);
        }
        transcript
    }

    fn shown(pane: &mut Pane, transcript: &Transcript) -> String {
        let lines: Vec<String> = pane.visible(transcript).iter().map(Line::to_string).collect();
        lines.join("|").replace("✓ read ", "")
    }

    fn pane(width: usize, height: usize) -> Pane {
        let mut pane = Pane::new();
        pane.resize(width, height);
        pane
    }

    #[test]
    fn the_end_is_followed_until_one_goes_up_and_again_from_the_end() {
        let mut transcript = calls(10);
        let mut pane = pane(40, 3);
        assert_eq!(shown(&mut pane, &transcript), "7|8|9");
        pane.scroll(&transcript, -1);
        assert_eq!(
            (shown(&mut pane, &transcript).as_str(), pane.follows()),
            ("6|7|8", false)
        );
        transcript.push(&records([call("n", "Read", "new")])[0]);
        assert_eq!(shown(&mut pane, &transcript), "6|7|8", "what comes does not move it");
        pane.page(&transcript, true);
        assert_eq!(
            (shown(&mut pane, &transcript).as_str(), pane.follows()),
            ("8|9|… read new", true)
        );
        pane.page(&transcript, false);
        assert_eq!(shown(&mut pane, &transcript), "6|7|8");
        pane.rewind(&transcript);
        assert_eq!(shown(&mut pane, &transcript), "0|1|2");
        pane.scroll(&transcript, -5);
        assert_eq!(shown(&mut pane, &transcript), "0|1|2");
        pane.follow();
        assert_eq!(shown(&mut pane, &transcript), "8|9|… read new");
    }

    #[test]
    fn long_entries_are_leafed_through_by_lines() {
        let mut transcript = calls(2);
        for record in records([said("a\nb\nc\nd"), call("x", "Read", "x")]) {
            transcript.push(&record);
        }
        let mut pane = pane(40, 3);
        assert_eq!(shown(&mut pane, &transcript), "c|d|… read x");
        pane.scroll(&transcript, -3);
        assert_eq!(shown(&mut pane, &transcript), "|a|b");
        pane.scroll(&transcript, 1);
        assert_eq!(shown(&mut pane, &transcript), "a|b|c");
        pane.scroll(&transcript, 9);
        assert!(pane.follows());
    }

    #[test]
    fn unfolding_keeps_the_place() {
        let transcript = calls(10);
        let mut pane = pane(40, 3);
        pane.go_to(&transcript, 4);
        pane.fold(&transcript);
        assert_eq!(shown(&mut pane, &transcript), "4|  │ one|  │ two");
        assert_eq!(pane.first(&transcript), 4);
        pane.fold(&transcript);
        assert_eq!(shown(&mut pane, &transcript), "4|5|6");
    }

    #[test]
    fn a_transcript_that_fits_begins_at_the_top() {
        let transcript = calls(2);
        let mut pane = pane(40, 5);
        pane.scroll(&transcript, -1);
        assert_eq!((shown(&mut pane, &transcript).as_str(), pane.follows()), ("0|1", true));
        assert_eq!(shown(&mut pane, &Transcript::default()), "");
    }

    #[test]
    fn only_what_is_near_is_laid_out() {
        let transcript = calls(100_000);
        let mut pane = pane(80, 24);
        pane.visible(&transcript);
        for _ in 0..50 {
            pane.page(&transcript, false);
            pane.visible(&transcript);
        }
        pane.go_to(&transcript, 500);
        pane.visible(&transcript);
        assert!(pane.laid_out.len() < KEPT, "{}", pane.laid_out.len());
    }
}
