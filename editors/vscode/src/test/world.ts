// Where the tests are: a folder with `src/user.rs`, which has one TODO, and a task for it that is ready.

import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { AcaApi } from '../extension';
import type { TaskView } from '../protocol';

const LIMIT_MS = 60_000;
const BETWEEN_LOOKS_MS = 50;

export function extension(): vscode.Extension<AcaApi> {
  const found = vscode.extensions.getExtension<AcaApi>('aca.aca');
  assert.ok(found, 'The extension is not installed.');
  return found;
}

/** Opens the file with the TODO. */
export async function openUser(): Promise<vscode.TextEditor> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'No folder is open.');
  return vscode.window.showTextDocument(vscode.Uri.joinPath(folder.uri, 'src/user.rs'));
}

/** Returns the task that is ready. */
export async function readyTask(): Promise<TaskView> {
  const api = await extension().activate();
  await api.client();
  return until('a task that is ready', () => api.tasks().find((task) => task.state.name === 'ready'));
}

/** Looks until there is something, and returns it. */
export async function until<T>(what: string, look: () => T | undefined | Thenable<T | undefined>): Promise<T> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) {
      return found;
    }
    assert.ok(Date.now() < deadline, `Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  }
}

/** Looks until it is so. */
export async function untilTrue(what: string, look: () => boolean): Promise<void> {
  await until(what, () => (look() ? true : undefined));
}
