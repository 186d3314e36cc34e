// What the unit tests of a review are about: a small proposal, and a place in it.

import type { FileView, HunkView, ProposalView } from '../protocol';
import type { Place } from './layout';

export function hunk(id: string, more: Partial<HunkView> = {}): HunkView {
  return { id, state: { name: 'clean' }, line: 0, lines: 1, old: 'old\n', new: 'new\n', seen: 1, ...more };
}

export function file(path: string, hunks: HunkView[], change: FileView['change'] = { kind: 'modify' }): FileView {
  return { path, change, hunks };
}

export function proposal(files: FileView[], more: Partial<ProposalView> = {}): ProposalView {
  return { task: 't', summary: '', round: 1, files, revision: 1, ...more };
}

export function place(view: HunkView, more: Partial<Place> = {}): Place {
  return { path: 'a.rs', change: { kind: 'modify' }, hunk: view, line: view.line, lines: view.lines, ...more };
}
