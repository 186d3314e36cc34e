// The extension starts, and does what its manifest says.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { extension } from './world';

interface Manifest {
  contributes: {
    commands: { command: string }[];
    configuration: { properties: Record<string, { default?: unknown }> }[];
  };
}

function manifest(): Manifest {
  return extension().packageJSON as Manifest;
}

suite('activation', () => {
  test('the server starts and says its version', async () => {
    const api = await extension().activate();
    const client = await api.client();
    assert.equal(api.running, true);
    assert.match(client.initializeResult?.serverInfo?.version ?? '', /^\d+\.\d+\.\d+/);
  });

  test('every contributed command is registered, and no other of its kind', async () => {
    await extension().activate();
    const contributed = manifest().contributes.commands.map(({ command }) => command);
    const registered = await vscode.commands.getCommands(true);
    // The view's own commands come from VS Code, the server's from the language client.
    const own = registered.filter((name) => /^aca\.(?!server\.|tasks\.)/.test(name));
    assert.deepEqual(own.sort(), contributed.sort());
  });

  test('every setting has a default, and can be read', () => {
    const settings = vscode.workspace.getConfiguration();
    for (const section of manifest().contributes.configuration) {
      for (const [name, { default: value }] of Object.entries(section.properties)) {
        if (value !== undefined && name !== 'aca.server.path') {
          assert.deepEqual(settings.inspect(name)?.defaultValue, value, name);
        }
      }
    }
  });
});
