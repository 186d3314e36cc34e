// A transcript as text.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import type { RecordBody, TaskView } from '../protocol';
import { capped, newContext, recordText, roundText } from './text';

function written(...bodies: RecordBody[]): string {
  const context = newContext();
  return bodies.map((body, index) => recordText({ seq: index + 1, atMs: 0, body }, context)).join('');
}

const use = (id: string, about: string): RecordBody => ({ type: 'tool-use', id, tool: 'Read', about });
const result = (id: string, text: string, ok = true): RecordBody => ({ type: 'tool-result', id, ok, text });

suite('text of a transcript', () => {
  const task = { title: 'x', origin: { kind: 'todo', path: 'a.rs', line: 4, text: 'TODO: x' } } as TaskView;

  test('a round begins with what was asked', () => {
    const first = { id: 'a', model: 'opus', backend: 'docker', ended: false };
    assert.equal(roundText(task, first, 1), '\n## Round 1 · opus · docker\n\n> TODO: x\n>\n> a.rs, line 5\n');
    assert.equal(roundText(task, { id: 'b', remark: 'No.', ended: false }, 2), '\n## Round 2\n\n> No.\n');
  });

  test('output stands under its call', () => {
    const text = written({ type: 'said', text: 'I look.' }, use('1', 'a.rs'), result('1', 'fn a()\n'));
    assert.equal(text, '\nI look.\n\n- **Read** a.rs\n      fn a()\n');
  });

  test('output that comes late names its call', () => {
    const text = written(use('1', 'a.rs'), use('2', 'b.rs'), result('1', 'one'), result('2', '', false));
    assert.equal(
      text,
      '\n- **Read** a.rs\n- **Read** b.rs\n- ↳ **Read** a.rs\n      one\n- ↳ **Read** b.rs\n  failed\n',
    );
  });

  test('long output is cut', () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`).join('\n');
    const text = written(use('1', 'a.rs'), result('1', lines));
    assert.ok(text.endsWith('      line 7\n      … 12 more lines\n'), text);
  });

  test('what a person said is told from what the agent said', () => {
    assert.match(
      written({ type: 'told', text: 'Stop that.\nPlease.' }),
      /\*\*You, at .*\*\*\n\n> Stop that\.\n> Please\.\n/,
    );
  });

  test('a text that is too long loses its beginning, at the end of a line', () => {
    const text = 'line\n'.repeat(100);
    assert.equal(capped(text, 1000), text);
    const short = capped(text, 100);
    assert.equal(short, `*The beginning is left out here.*\n\n${'line\n'.repeat(9)}`);
  });
});
