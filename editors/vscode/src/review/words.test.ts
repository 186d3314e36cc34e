// What a hunk's thread says and offers.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import type { HunkView, ProposalView } from '../protocol';
import { file, hunk, place, proposal } from './fixture';
import { asMarkdown } from '../words';
import { codeBlock, choices, shortReason, threadText, type Circumstances, type ThreadText } from './words';

function textOf(view: HunkView, about: Partial<Circumstances> = {}, more: Partial<ProposalView> = {}): ThreadText {
  const whole = { proposal: proposal([file('a.rs', [view])], more), decidable: true, refusal: undefined };
  return threadText(place(view), { ...whole, showChange: false, ...about }, (choice) => `[${choice}]`);
}

suite('words of a review', () => {
  test('a hunk with a reason says it and offers three choices', () => {
    const text = textOf(hunk('h', { reason: { why: 'It panics.', verified: true } }));
    assert.equal(text.label, 'Hunk 1 of 1');
    assert.equal(text.markdown, 'It panics.\n\n[accept] &nbsp;·&nbsp; [reject] &nbsp;·&nbsp; [revise]');
    assert.equal(text.context, 'hunk');
    assert.equal(text.urgent, false);
  });

  test('a reason that nothing vouches for is unverified', () => {
    const text = textOf(hunk('h', { reason: { why: 'Tests pass', verified: false } }));
    assert.ok(text.markdown.startsWith('Tests pass _(unverified)_'), text.markdown);
  });

  test('the words of the agent are no markdown', () => {
    const why = 'See [this](command:aca.acceptHunk) and `x` <b> ![](http://a/b.png)';
    const { markdown } = textOf(hunk('h', { reason: { why, verified: true } }));
    assert.ok(markdown.includes('\\[this\\]\\(command:aca.acceptHunk\\)'), markdown);
    assert.ok(markdown.includes('\\`x\\` \\<b\\> \\!\\[\\]\\(http://a/b.png\\)'), markdown);
  });

  test('a conflict shows what the file says and offers four choices', () => {
    const text = textOf(hunk('h', { state: { name: 'overlapping', live: '    mine\n' } }));
    assert.ok(text.markdown.includes('```\n    mine\n```'), text.markdown);
    assert.ok(text.markdown.endsWith('[mine] &nbsp;·&nbsp; [agents] &nbsp;·&nbsp; [both] &nbsp;·&nbsp; [redo]'));
    assert.equal(text.context, 'hunkConflict');
    assert.equal(text.label, 'Hunk 1 of 1 · conflict');
    assert.equal(text.urgent, true);
  });

  test('a refusal stands first', () => {
    const text = textOf(hunk('h'), { refusal: 'Someone changed it.' });
    assert.ok(text.markdown.startsWith('$(warning) **Not done:** Someone changed it.'), text.markdown);
    assert.equal(text.urgent, true);
  });

  test('findings of the check, and what it needs, are said', () => {
    const other = hunk('o', { line: 3 });
    const view = hunk('h', { needs: ['o'] });
    const findings = [
      { path: 'a.rs', line: 11, error: true, message: 'no such variant', hunk: 'h' },
      { path: 'a.rs', line: 20, error: true, message: 'something else', hunk: 'o' },
    ];
    const check = { command: 'cargo test', state: { name: 'failed', code: 101 } as const, findings };
    const files = [file('a.rs', [view]), file('b.rs', [other])];
    const { markdown, urgent } = textOf(view, { proposal: proposal(files, { check }) });
    assert.ok(markdown.includes('$(error) Line 12: no such variant'), markdown);
    assert.ok(!markdown.includes('something else'), markdown);
    assert.ok(markdown.includes('undecided hunks introduce: b.rs line 4.'), markdown);
    assert.ok(markdown.includes('The check _cargo test_ failed.'), markdown);
    assert.equal(urgent, true);
  });

  test('a check of other hunks says nothing', () => {
    const check = { command: 'cargo test', hunks: ['o'], state: { name: 'passed' } as const };
    assert.ok(!textOf(hunk('h'), {}, { check }).markdown.includes('cargo'));
  });

  test('while the agent works again, nothing can be chosen', () => {
    const text = textOf(hunk('h'), { decidable: false });
    assert.equal(text.context, 'hunkWaiting');
    assert.ok(!text.markdown.includes('[accept]'), text.markdown);
  });

  test('what cannot land can only be rejected', () => {
    assert.deepEqual(choices(place(hunk('h'), { change: { kind: 'unsupported', reason: 'A link.' } }), true), [
      'reject',
      'revise',
    ]);
  });

  test('in the file, the thread shows the change', () => {
    const { markdown } = textOf(hunk('h', { old: 'one\ntwo\n', new: 'three\n' }), { showChange: true });
    assert.ok(markdown.includes('```diff\n-one\n-two\n+three\n```'), markdown);
  });

  test('code stays code whatever is in it', () => {
    assert.equal(codeBlock('a\n```\nb\n', 'diff'), '````diff\na\n```\nb\n````');
  });

  test('line ends of text are kept', () => {
    assert.equal(asMarkdown('one\r\ntwo'), 'one  \ntwo');
  });

  test('a long reason is cut between characters', () => {
    const view = hunk('h', { reason: { why: '🙂🙂🙂 because\nof it', verified: true } });
    assert.equal(shortReason(place(view), 2), '🙂🙂…');
    assert.equal(shortReason(place(view), 80), '🙂🙂🙂 because of it');
    assert.equal(shortReason(place(hunk('h')), 80), undefined);
  });
});
