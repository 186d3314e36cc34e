// How tasks are said, and what can be done with them.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import { abilities } from './can';
import { task } from './fixture';
import type { TaskState } from './protocol';
import { asMarkdown, asMessage, cost, describe, duration } from './words';

suite('words about tasks', () => {
  test('each state has its words and its abilities', () => {
    const cases: [TaskState, string, string][] = [
      [{ name: 'queued' }, 'queued', 'stop'],
      [{ name: 'preparing', step: 'building the image' }, 'building the image', 'stop'],
      [{ name: 'running', activity: 'editing src/user.rs', sinceMs: 0 }, 'editing src/user.rs', 'stop pause tell'],
      [{ name: 'paused' }, 'paused', 'stop resume tell'],
      [{ name: 'verifying', sinceMs: 0 }, 'verifying', 'stop'],
      [{ name: 'stopping' }, 'stopping', ''],
      [{ name: 'ready', pending: 1, conflicts: 0 }, '1 hunk to review', 'review sendBack undo'],
      [{ name: 'ready', pending: 3, conflicts: 1 }, '3 hunks to review, 1 conflict', 'review sendBack undo'],
      [{ name: 'landed', accepted: 2, rejected: 0 }, 'landed 2 hunks', 'sendBack undo'],
      [{ name: 'landed', accepted: 1, rejected: 2 }, 'landed 1 hunk, rejected 2', 'sendBack undo'],
      [{ name: 'nothingToDo', summary: '' }, 'nothing to do', 'sendBack'],
      [{ name: 'failed', reason: 'No credit.' }, 'failed: No credit.', ''],
    ];
    for (const [state, words, able] of cases) {
      assert.deepEqual([describe(task(state)), abilities(task(state))], [words, able]);
    }
    assert.equal(abilities(task({ name: 'stopped' }, { recovery: ['again'] })), 'recover');
  });

  test('times and money are short', () => {
    assert.deepEqual([41_000, 200_000, 7_500_000].map(duration), ['41 s', '3 min', '2 h 5 min']);
    assert.deepEqual(
      [0, 4_000, 31_200].map((costMicros) => cost({ costMicros })),
      ['', '< $0.01', '$0.03'],
    );
  });

  test('a title is no markdown, and no link', () => {
    assert.equal(asMessage('[x](command:y) (z)'), '[x] (command:y) (z)');
    assert.equal(asMarkdown('[x](command:y) <b> & `z`'), '\\[x\\]\\(command:y\\) \\<b\\> \\& \\`z\\`');
    assert.equal(asMarkdown('1. one\n2. two'), '1\\. one  \n2\\. two');
  });
});
