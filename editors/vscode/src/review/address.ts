// Where things of a review are: the addresses of its documents, and the name of its tab.

import * as vscode from 'vscode';
import type { FileView, TaskId, TaskView } from '../protocol';

/** The scheme of the writable proposals: the right sides of a review. */
export const PROPOSAL = 'aca-review';

/** The query of a document without text: the left side of a file that has none to compare with. No file has this path. */
const EMPTY = '/';

/** One file of a task's proposal. */
export interface Address {
  task: TaskId;
  /** Relative to the workspace, as the protocol has it. */
  path: string;
}

/** Returns a file of a task's workspace. */
export function fileUri(task: TaskView, path: string): vscode.Uri {
  return vscode.Uri.joinPath(vscode.Uri.file(task.workspace), path);
}

/**
 * Returns the address of a proposed file. Its path is that of the real file: a diff of the two is then no renaming, and
 * the language is guessed from the same name. The query says which part of it is the protocol's path.
 */
export function proposalUri(task: TaskView, path: string): vscode.Uri {
  return fileUri(task, path).with({ scheme: PROPOSAL, authority: task.id, query: path });
}

/** Returns what a proposal's address means; nothing for another document, and for a folder above one. */
export function addressOf(uri: vscode.Uri): Address | undefined {
  const isFile = uri.scheme === PROPOSAL && uri.query !== '' && uri.path.endsWith(`/${uri.query}`);
  return isFile ? { task: uri.authority, path: uri.query } : undefined;
}

/** Says whether a document is the left side of a file that has no text. */
export function isEmpty(uri: vscode.Uri): boolean {
  return uri.scheme === PROPOSAL && uri.query === EMPTY;
}

/** Returns the two sides of a file in a review; no left side for a file that is new. */
export function sides(task: TaskView, file: FileView): [left: vscode.Uri | undefined, right: vscode.Uri] {
  const right = proposalUri(task, file.path);
  switch (file.change.kind) {
    case 'create':
      return [undefined, right];
    case 'rename':
      return [fileUri(task, file.change.from), right];
    case 'binary':
    case 'unsupported':
      // The right side is a sentence about the file then.
      return [right.with({ query: EMPTY }), right];
    default:
      return [fileUri(task, file.path), right];
  }
}

/** Returns the title of a task's review. It ends with the task's identifier, which is how its tab is known again. */
export function reviewTitle(task: TaskView): string {
  return `aca: ${task.title} · ${task.id}`;
}

/** Returns the task that a tab reviews. The input of such a tab is not part of the stable interface, so its label tells. */
export function taskOfTab(tab: vscode.Tab): TaskId | undefined {
  const isOther = tab.input instanceof vscode.TabInputText || tab.input instanceof vscode.TabInputTextDiff;
  return isOther ? undefined : /^aca: .* · (\S+)(?: \(.*\))?$/.exec(tab.label)?.[1];
}
