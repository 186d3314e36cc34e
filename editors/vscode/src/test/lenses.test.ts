// Lenses that are out of date are asked for, wherever the keyboard is.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { LensRefresh } from '../lenses';
import { openUser, untilTrue } from './world';

suite('lenses', () => {
  test('are asked for though the keyboard leaves the text before VS Code has asked', async () => {
    const { document } = await openUser();
    const told = new vscode.EventEmitter<void>();
    let asked = 0;
    const refresh = new LensRefresh('file', () => {
      told.fire();
    });
    const provider = vscode.languages.registerCodeLensProvider(
      { scheme: 'file', pattern: document.uri.fsPath },
      {
        onDidChangeCodeLenses: told.event,
        provideCodeLenses: (of) => {
          asked += 1;
          refresh.asked(of);
          return [];
        },
      },
    );
    try {
      await untilTrue('the first question', () => asked > 0);
      for (const round of [1, 2, 3]) {
        const before = asked;
        await vscode.window.showTextDocument(document);
        refresh.refresh();
        await vscode.commands.executeCommand('aca.tasks.focus');
        await untilTrue(`another question, ${round}`, () => asked > before);
      }
      assert.equal(vscode.window.activeTextEditor?.document, document);
    } finally {
      vscode.Disposable.from(provider, refresh, told).dispose();
    }
  });
});
