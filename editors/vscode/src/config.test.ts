// Which settings go to the server.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { Config } from './config';

suite('the settings of the server', () => {
  test('only those that the person set are sent, shaped as aca.toml is', async () => {
    const extension = vscode.extensions.getExtension('aca.aca');
    assert.ok(extension);
    const config = new Config(extension);
    assert.deepEqual(config.serverSettings(), {});
    const settings = vscode.workspace.getConfiguration('aca');
    const set = (value: string[] | undefined): Thenable<void> =>
      settings.update('todo.keywords', value, vscode.ConfigurationTarget.Global);
    await set(['LATER']);
    try {
      assert.deepEqual(config.serverSettings(), { todo: { keywords: ['LATER'] } });
    } finally {
      await set(undefined);
    }
    assert.deepEqual(config.serverSettings(), {});
  });
});
