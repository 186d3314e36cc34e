// The texts of the doctor's and the usage's pages.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import { page as doctorPage } from './doctor';
import { NO_USAGE } from './fixture';
import { page as usagePage } from './usage';

suite('pages', () => {
  test('the doctor says what is missing and how to mend it', () => {
    const text = doctorPage({ path: '/bin/aca', version: 'aca 0.1.0' }, [
      { name: 'git', state: 'good', found: '2.47' },
      { name: 'engine', state: 'missing', found: 'no answer', mend: 'Start Docker.' },
    ]);
    const expected = [
      'Something that a task needs is missing. Mend what is marked ✗, then run “aca: Run Doctor” again.',
      '',
      '✓ git     2.47',
      '✗ engine  no answer',
      '          → Start Docker.',
      '',
      'aca 0.1.0, /bin/aca',
      '',
    ];
    assert.equal(text, expected.join('\n'));
  });

  test('what was used is summed by day, model and task, the dearest first', () => {
    const row = (day: string, title: string, costMicros: number): Parameters<typeof usagePage>[0][number] => ({
      ...{ day, title, model: 'm', session: 's', workspace: '/shop', task: title },
      usage: { ...NO_USAGE, requests: 1, inputTokens: 1000, cacheReadTokens: 20, outputTokens: 5, costMicros },
    });
    const text = usagePage([row('2026-01-30', 'cheap', 10_000), row('2026-01-31', 'dear', 2_000_000)]);
    const names = text.split('\n').map((line) => line.replace(/ +/g, ' '));
    assert.deepEqual(names.slice(2), [
      'day requests input from cache output cost',
      '2026-01-31 1 1,000 20 5 $2.00',
      '2026-01-30 1 1,000 20 5 $0.01',
      '',
      'model requests input from cache output cost',
      'm 2 2,000 40 10 $2.01',
      '',
      'task requests input from cache output cost',
      'dear 1 1,000 20 5 $2.00',
      'cheap 1 1,000 20 5 $0.01',
      '',
    ]);
    assert.match(usagePage([]), /^Nothing was used/);
  });
});
