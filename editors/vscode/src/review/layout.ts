// Where the hunks of a proposal stand, in the proposed text and in the file itself.

import type { FileChange, HunkId, HunkView, ProposalFileResult, ProposalView } from '../protocol';

/** A hunk that is not decided, and where it stands in one of the two texts. */
export interface Place {
  path: string;
  change: FileChange;
  hunk: HunkView;
  /** Its first line. */
  line: number;
  /** How many lines it has there; none where it only removes, or only adds, lines. */
  lines: number;
}

export function isUndecided(hunk: HunkView): boolean {
  return hunk.state.name !== 'landed' && hunk.state.name !== 'rejected';
}

export function isConflict(hunk: HunkView): boolean {
  return hunk.state.name === 'overlapping' || hunk.state.name === 'gone';
}

/** Returns the undecided hunks of a proposal with the file of each. */
export function undecided(proposal: ProposalView): { path: string; change: FileChange; hunk: HunkView }[] {
  return proposal.files.flatMap(({ path, change, hunks }) =>
    hunks.filter(isUndecided).map((hunk) => ({ path, change, hunk })),
  );
}

/** Returns the hunks of a file where they stand in the text as proposed. A change that has no lines stands at the top. */
export function placesInProposal(proposal: ProposalView, file: ProposalFileResult): Place[] {
  const at = new Map(file.hunks.map((hunk) => [hunk.id, hunk]));
  const places = undecided(proposal).filter(({ path }) => path === file.path);
  return sorted(
    places.map((place) => {
      const found = at.get(place.hunk.id);
      return { ...place, line: found?.proposedLine ?? 0, lines: found?.proposedLines ?? 0 };
    }),
  );
}

/** Returns the hunks of a file where they stand in what it says now. */
export function placesInFile(proposal: ProposalView, path: string): Place[] {
  const places = undecided(proposal).filter((place) => place.path === path);
  return sorted(places.map((place) => ({ ...place, line: place.hunk.line, lines: place.hunk.lines })));
}

/** Returns the hunk at a line: the one it is in, else the one that ends or begins beside it. */
export function placeAt(places: readonly Place[], line: number): Place | undefined {
  const inside = places.find((place) => place.line <= line && line < place.line + place.lines);
  const beside = places.filter((place) => place.line - 1 <= line && line <= place.line + place.lines);
  return inside ?? beside.find((place) => place.line === line) ?? beside[0];
}

/** Returns the hunk to go to from a place in files of this order: the next or previous one, around the end. */
export function neighbour(
  places: readonly Place[],
  paths: readonly string[],
  from: { path: string; line: number; hunk: HunkId | undefined },
  direction: 'next' | 'previous',
): Place | undefined {
  const step = direction === 'next' ? 1 : -1;
  const index = places.findIndex((place) => place.hunk.id === from.hunk);
  if (index >= 0) {
    return places.at((index + step) % places.length);
  }
  const rank = (place: { path: string; line: number }): [number, number] => [paths.indexOf(place.path), place.line];
  const isAfter = (place: Place): boolean => {
    const [[file, line], [fromFile, fromLine]] = [rank(place), rank(from)];
    return file > fromFile || (file === fromFile && line > fromLine);
  };
  return direction === 'next'
    ? (places.find(isAfter) ?? places[0])
    : (places.findLast((place) => !isAfter(place)) ?? places.at(-1));
}

function sorted(places: Place[]): Place[] {
  return places.sort((a, b) => a.line - b.line);
}
