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

/** Returns the two sides of a file in a review. */
export function sides(
  task: TaskView,
  { path, change }: Pick<FileView, 'path' | 'change'>,
): [left: vscode.Uri, right: vscode.Uri] {
  const right = proposalUri(task, path);
  switch (change.kind) {
    case 'rename':
      return [fileUri(task, change.from), right];
    case 'create':
    case 'binary':
    case 'unsupported':
      // The right side of what is no text is a sentence about it.
      return [right.with({ query: EMPTY }), right];
    default:
      return [fileUri(task, path), right];
  }
}

/** Says whether a file has a left side at all. A multi-file diff shows one without as new. */
export function hasLeft({ change }: FileView): boolean {
  return change.kind !== 'create';
}

/** Returns the title of a task's review. It ends with the task's identifier, which is how its tab is known again. */
export function reviewTitle(task: TaskView): string {
  return `aca: ${task.title} · ${task.id}`;
}

/** Returns the task of a tab with this label. The input of a multi-file diff is not part of the stable interface. */
export function taskOfLabel(label: string): TaskId | undefined {
  return /^aca: .* · (\S+)(?: \(.*\))?$/.exec(label)?.[1];
}
