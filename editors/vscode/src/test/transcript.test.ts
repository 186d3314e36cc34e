// The transcript: a document that reads what the agent said and did.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { extension, untilTrue } from './world';

suite('transcript', () => {
  test('it is a document with the words of the agent', async () => {
    const api = await extension().activate();
    const [task] = api.tasks();
    assert.ok(task);
    await vscode.commands.executeCommand('aca.showTranscript', { task: task.id });
    const document = (): vscode.TextDocument | undefined => vscode.window.activeTextEditor?.document;
    await untilTrue('the transcript', () => document()?.getText().includes('the greeting is warmer') === true);
    assert.equal(document()?.uri.scheme, 'aca-transcript');
    assert.equal(document()?.isDirty, false);
  });
});
