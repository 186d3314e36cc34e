// The texts of proposed documents.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import { decode, encode, isSame, shownText } from './text';

suite('texts of a review', () => {
  const place = { id: 'h', line: 0, lines: 0, proposedLine: 0, proposedLines: 0 };
  const texts = { task: 't', path: 'a', revision: 1, hunks: [place] };

  test('bytes say that they are UTF-8, and the text does not', () => {
    assert.deepEqual([...encode('ä').slice(0, 3)], [0xef, 0xbb, 0xbf]);
    assert.equal(decode(encode('ä\r\n')), 'ä\r\n');
  });

  test('line ends make no difference', () => {
    assert.ok(isSame('a\r\nb\n', 'a\nb\r\n'));
    assert.ok(!isSame('a\n', 'a'));
  });

  test('a file that is deleted has no text, and one that is not text says so', () => {
    assert.equal(shownText({ ...texts, live: 'a\n', proposed: null, editable: false }), '');
    assert.equal(shownText({ ...texts, live: null, proposed: null, editable: false, reason: 'No text.' }), 'No text.');
    assert.equal(shownText({ ...texts, live: null, proposed: 'new\n', editable: true }), 'new\n');
  });
});
