// A setting that a person makes in VS Code counts in the server.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { extension, until } from './world';

interface Setting {
  key: string;
  value?: unknown;
  origin: string;
}

/** Returns a setting as the server has it for the folder that is open. */
async function setting(key: string): Promise<Setting | undefined> {
  const client = await (await extension().activate()).client();
  const workspace = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const { settings } = await client.sendRequest<{ settings: Setting[] }>('aca/settings', { workspace });
  return settings.find((one) => one.key === key);
}

suite('settings', () => {
  test('one that is made in VS Code reaches the server, and goes with it', async () => {
    const before = await setting('todo.keywords');
    const settings = vscode.workspace.getConfiguration('aca');
    await settings.update('todo.keywords', ['TODO', 'LATER'], vscode.ConfigurationTarget.Global);
    try {
      const made = await until('the setting', async () => {
        const now = await setting('todo.keywords');
        return now?.origin.startsWith('editor: ') === true ? now : undefined;
      });
      assert.deepEqual(made.value, ['TODO', 'LATER']);
    } finally {
      await settings.update('todo.keywords', undefined, vscode.ConfigurationTarget.Global);
    }
    await until('the default', async () => {
      const now = await setting('todo.keywords');
      return now?.origin === before?.origin ? now : undefined;
    });
  });
});
