// Whether a server that ended is started again.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import { CloseAction } from 'vscode-languageclient/node';
import { Endurance } from './life';

suite('the life of a server', () => {
  test('one that never came up is not started again, and nobody is told twice', () => {
    const life = new Endurance(() => assert.fail('its start has failed already'));
    assert.equal(life.closed().action, CloseAction.DoNotRestart);
  });

  test('one that ends is started again, until it ends too often', () => {
    let gaveUp = 0;
    const life = new Endurance(() => gaveUp++);
    life.up();
    const actions = Array.from({ length: 5 }, () => life.closed().action);
    const again = CloseAction.Restart;
    assert.deepEqual([actions, gaveUp], [[again, again, again, again, CloseAction.DoNotRestart], 1]);
    assert.equal(life.closed().action, again, 'who starts it after that begins anew');
  });
});
