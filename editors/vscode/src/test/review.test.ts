// A review: the proposal as a document that can be edited, decisions on it, and what becomes of the file.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { extension, openUser, readyTask, until, untilTrue } from './world';

const FIRST = 'assert!(!name.is_empty()';
const SECOND = 'Welcome back, {}';

function proposal(): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'aca-review');
}

function reviewTabs(): vscode.Tab[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.filter(({ label }) => label.startsWith('aca: TODO: reject empty names'));
}

suite('review', () => {
  test('the review has the proposal on its right side, and changes nothing', async () => {
    const task = await readyTask();
    const editor = await openUser();
    const before = editor.document.getText();
    await vscode.commands.executeCommand('aca.review', { task: task.id });
    const document = await until('the proposal', proposal);
    assert.ok(document.getText().includes(FIRST) && document.getText().includes(SECOND), document.getText());
    assert.deepEqual(
      reviewTabs().map((tab) => tab.isActive),
      [true],
    );
    assert.equal(editor.document.getText(), before);
    assert.equal(editor.document.isDirty, false);
  });

  test('a review that is open is not opened twice', async () => {
    const task = await readyTask();
    await vscode.commands.executeCommand('aca.review', { task: task.id });
    assert.equal(reviewTabs().length, 1);
  });

  test('each hunk has lenses in the proposal', async () => {
    const document = await until('the proposal', proposal);
    const titles = await until('lenses', async () => {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
        'vscode.executeCodeLensProvider',
        document.uri,
      );
      const all = lenses.map(({ command }) => command?.title ?? '');
      return all.length > 0 ? all : undefined;
    });
    for (const title of ['Accept', 'Reject', 'Revise…']) {
      assert.equal(titles.filter((text) => text.endsWith(title)).length, 2, titles.join(', '));
    }
  });

  test('what is typed on the right side is saved into the proposal', async () => {
    const document = await until('the proposal', proposal);
    const edit = new vscode.WorkspaceEdit();
    const start = document.positionAt(document.getText().indexOf('Welcome back'));
    edit.replace(document.uri, new vscode.Range(start, start.translate(0, 'Welcome back'.length)), 'Nice to see you');
    await vscode.workspace.applyEdit(edit);
    await untilTrue('the edit to be saved', () => !document.isDirty);
    const file = await openUser();
    assert.ok(file.document.getText().includes('Hello {}'), 'the edit of a proposal changed the file');
  });

  test('an accepted hunk is in the file, which is not saved', async () => {
    const document = await until('the proposal', proposal);
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      document.uri,
    );
    const accepts = lenses.flatMap(({ command }) => (command?.command === 'aca.acceptHunk' ? [command] : []));
    const [first, second] = accepts;
    assert.ok(first && second);
    await vscode.commands.executeCommand(second.command, ...((second.arguments ?? []) as unknown[]));
    const file = await openUser();
    await untilTrue('the hunk to land', () => file.document.getText().includes('Nice to see you, {}'));
    assert.ok(!file.document.getText().includes(FIRST));
    assert.equal(file.document.isDirty, true);
  });

  test('with the last decision the review closes', async () => {
    const task = await readyTask();
    await vscode.commands.executeCommand('aca.rejectAll', { task: task.id });
    await untilTrue('the tab to close', () => reviewTabs().length === 0);
    const file = await openUser();
    assert.ok(!file.document.getText().includes(FIRST));
    const { tasksView } = await extension().activate();
    await untilTrue('the badge to go', () => tasksView.view.badge === undefined);
  });

  test('a button that was left over opens nothing', async () => {
    const api = await extension().activate();
    const [task] = api.tasks();
    assert.ok(task);
    const file = await openUser();
    await vscode.commands.executeCommand('aca.review', { task: task.id });
    assert.equal(reviewTabs().length, 0);
    assert.equal(vscode.window.activeTextEditor, file);
  });

  test('the landing can be undone', async () => {
    const file = await openUser();
    await vscode.commands.executeCommand('aca.undo');
    await untilTrue('the hunk to be taken out', () => file.document.getText().includes('Hello {}'));
  });
});
