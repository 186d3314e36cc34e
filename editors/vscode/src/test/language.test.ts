// What the language client brings: lenses and actions of the server, with the commands that this extension declares.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { openUser, readyTask, until } from './world';

function actions(editor: vscode.TextEditor, range: vscode.Range): Thenable<vscode.CodeAction[]> {
  return vscode.commands.executeCommand<vscode.CodeAction[]>(
    'vscode.executeCodeActionProvider',
    editor.document.uri,
    range,
  );
}

suite('language', () => {
  test('a lens on the TODO says how its task stands, and opens the review', async () => {
    const task = await readyTask();
    const editor = await openUser();
    const lens = await until('the lens', async () => {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
        'vscode.executeCodeLensProvider',
        editor.document.uri,
      );
      return lenses.find(({ command }) => command?.command === 'aca.review');
    });
    assert.match(lens.command?.title ?? '', /2 hunks: review/);
    assert.deepEqual((lens.command?.arguments?.[0] as { task: string }).task, task.id);
    assert.match(editor.document.lineAt(lens.range.start.line).text, /TODO: reject empty names/);
  });

  test('actions on a hunk are there, and name only commands that exist', async () => {
    await readyTask();
    const editor = await openUser();
    const line = editor.document
      .getText()
      .split('\n')
      .findIndex((text) => text.includes('TODO'));
    const range = new vscode.Range(line, 0, line, 0);
    const found = await until('actions', async () => {
      const all = await actions(editor, range);
      return all.some(({ title }) => title === 'Review this hunk') ? all : undefined;
    });
    const titles = found.map(({ title }) => title);
    for (const title of ['Accept this hunk', 'Reject this hunk', 'Show transcript']) {
      assert.ok(titles.includes(title), `${title} is missing among ${titles.join(', ')}`);
    }
    const known = new Set(await vscode.commands.getCommands());
    const named = found.flatMap(({ command }) => (command === undefined ? [] : [command.command]));
    assert.deepEqual(
      named.filter((name) => name.startsWith('aca.') && !known.has(name)),
      [],
    );
  });

  test('a selection can be made a task', async () => {
    const editor = await openUser();
    const range = new vscode.Range(18, 0, 21, 0);
    const titles = await until('the action', async () => {
      const all = (await actions(editor, range)).map(({ title }) => title);
      return all.some((title) => title.startsWith('Do this')) ? all : undefined;
    });
    assert.ok(titles.includes('Do this…'), titles.join(', '));
  });

  test('the server draws no diagnostics for hunks that the extension draws', async () => {
    const editor = await openUser();
    assert.deepEqual(
      vscode.languages.getDiagnostics(editor.document.uri).filter(({ source }) => source === 'aca'),
      [],
    );
  });
});
