// Where hunks stand, and which is next.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import { file, hunk, place, proposal } from './fixture';
import { neighbour, placeAt, placesInFile, placesInProposal, undecided } from './layout';

suite('layout of a review', () => {
  const view = proposal([
    file('a.rs', [
      hunk('h1', { line: 9 }),
      hunk('h2', { line: 2, lines: 0 }),
      hunk('h3', { state: { name: 'landed' } }),
      hunk('h4', { state: { name: 'rejected' } }),
    ]),
    file('a.rs', [hunk('h5', { lines: 0 })], { kind: 'mode', executable: true }),
    file('b.rs', [hunk('h6', { line: 4 })]),
  ]);

  test('what is decided has no place', () => {
    const ids = undecided(view).map((found) => found.hunk.id);
    assert.deepEqual(ids, ['h1', 'h2', 'h5', 'h6']);
  });

  test('in the proposal, hunks stand where the server says, and a change without lines at the top', () => {
    const hunks = [
      { id: 'h1', line: 9, lines: 1, proposedLine: 12, proposedLines: 3 },
      { id: 'h2', line: 2, lines: 0, proposedLine: 2, proposedLines: 3 },
    ];
    const texts = { task: 't', path: 'a.rs', revision: 1, live: '', proposed: '', hunks, editable: true };
    const places = placesInProposal(view, texts).map((found) => [found.hunk.id, found.line, found.lines]);
    assert.deepEqual(places, [
      ['h5', 0, 0],
      ['h2', 2, 3],
      ['h1', 12, 3],
    ]);
  });

  test('in the file, hunks stand at the lines that they replace', () => {
    const places = placesInFile(view, 'a.rs').map((found) => [found.hunk.id, found.line, found.lines]);
    assert.deepEqual(places, [
      ['h5', 0, 0],
      ['h2', 2, 0],
      ['h1', 9, 1],
    ]);
  });

  test('the hunk at a line is the one around it, else one beside it', () => {
    const places = [place(hunk('h1', { line: 3, lines: 2 })), place(hunk('h2', { line: 5, lines: 0 }))];
    const at = (line: number): string | undefined => placeAt(places, line)?.hunk.id;
    assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(at), [undefined, 'h1', 'h1', 'h1', 'h2', undefined, undefined]);
  });

  suite('the neighbour', () => {
    const places = [
      place(hunk('h1'), { path: 'a.rs', line: 3 }),
      place(hunk('h2'), { path: 'a.rs', line: 8 }),
      place(hunk('h3'), { path: 'b.rs', line: 1 }),
    ];
    const paths = ['a.rs', 'aa.rs', 'b.rs'];
    const from = (path: string, line: number, known?: string): [string | undefined, string | undefined] => {
      const here = { path, line, hunk: known };
      return [neighbour(places, paths, here, 'next')?.hunk.id, neighbour(places, paths, here, 'previous')?.hunk.id];
    };

    test('of a hunk is the one after or before it, around the end', () => {
      assert.deepEqual(from('a.rs', 0, 'h2'), ['h3', 'h1']);
      assert.deepEqual(from('a.rs', 0, 'h1'), ['h2', 'h3']);
      assert.deepEqual(from('b.rs', 0, 'h3'), ['h1', 'h2']);
    });

    test('of a line is the nearest after or before it', () => {
      assert.deepEqual(from('a.rs', 5), ['h2', 'h1']);
      assert.deepEqual(from('a.rs', 9), ['h3', 'h2']);
      assert.deepEqual(from('b.rs', 7), ['h1', 'h3']);
    });

    test('of a file without hunks is in the files around it', () => {
      assert.deepEqual(from('aa.rs', 0), ['h3', 'h2']);
    });

    test('is nothing where no hunk is left', () => {
      assert.equal(neighbour([], paths, { path: 'a.rs', line: 0, hunk: undefined }, 'next'), undefined);
    });
  });
});
