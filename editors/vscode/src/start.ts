// The commands that make tasks: from a TODO, from a selection, from a sentence.

import * as vscode from 'vscode';
import type * as lc from 'vscode-languageclient/node';
import type { Ctx } from './ctx';
import * as aca from './protocol';

export function registerStart(ctx: Ctx): void {
  ctx.command('aca.doTodo', () => doTodo(ctx));
  ctx.command('aca.newTask', () => newTask(ctx));
  ctx.command('aca.runSelection', (argument) => runSelection(ctx, argument as SelectionArgument | undefined));
}

/** What the server's action on a selection says. */
interface SelectionArgument {
  uri: string;
  range: lc.Range;
  version: number;
}

async function doTodo(ctx: Ctx): Promise<void> {
  const editor = fileEditor();
  if (editor !== undefined) {
    const uri = editor.document.uri.toString();
    await ctx.execute('aca.server.run', { uri, line: editor.selection.active.line });
  }
}

async function newTask(ctx: Ctx): Promise<void> {
  const workspace = await pickWorkspace('In which folder?');
  if (workspace === undefined) {
    return;
  }
  const text = await ask('What is to be done?', 'For instance: add a --version flag');
  if (text !== undefined) {
    await ctx.request(aca.Run, { workspace, origin: { kind: 'text', text } });
  }
}

async function runSelection(ctx: Ctx, argument: SelectionArgument | undefined): Promise<void> {
  const editor = fileEditor();
  if (argument === undefined && (editor === undefined || editor.selection.isEmpty)) {
    void vscode.window.showInformationMessage('Select the code that the task is about first.');
    return;
  }
  const instruction = await ask('What to do with the selected code?', 'For instance: return an error here');
  if (instruction === undefined) {
    return;
  }
  // Selections move with what is typed while the question is open, the server's range does not.
  const place = editor !== undefined && isAbout(editor, argument) ? selected(editor) : argument;
  await ctx.execute('aca.server.run', { ...place, instruction });
}

function isAbout(editor: vscode.TextEditor, argument: SelectionArgument | undefined): boolean {
  return argument === undefined || argument.uri === editor.document.uri.toString();
}

function selected(editor: vscode.TextEditor): SelectionArgument {
  const { start, end } = editor.selection;
  const at = ({ line, character }: vscode.Position): lc.Position => ({ line, character });
  const range = { start: at(start), end: at(end) };
  return { uri: editor.document.uri.toString(), range, version: editor.document.version };
}

/** Returns the editor with the cursor, if it shows a file. */
function fileEditor(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== 'file') {
    void vscode.window.showInformationMessage('Open a file and put the cursor there first.');
    return undefined;
  }
  return editor;
}

/** Asks for a line of text. `undefined` if the person dismisses the question or says nothing. */
export async function ask(question: string, example?: string): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({
    prompt: question,
    ignoreFocusOut: true,
    ...(example === undefined ? {} : { placeHolder: example }),
  });
  return text?.trim() === '' ? undefined : text?.trim();
}

/** Returns the folder of the active file, the only folder, or the one that the person picks. */
export async function pickWorkspace(question: string): Promise<string | undefined> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file');
  const [first, second] = folders;
  if (first === undefined) {
    void vscode.window.showInformationMessage('Open the folder that the task is about first.');
    return undefined;
  }
  const active = vscode.window.activeTextEditor?.document.uri;
  const ofActive = active === undefined ? undefined : vscode.workspace.getWorkspaceFolder(active);
  if (second === undefined || ofActive !== undefined) {
    return (ofActive ?? first).uri.fsPath;
  }
  const picked = await vscode.window.showWorkspaceFolderPick({ placeHolder: question });
  return picked?.uri.fsPath;
}
