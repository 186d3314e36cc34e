// Where things of a review are: the addresses of its documents, and the name of its tab.

import * as vscode from 'vscode';
import type { FileView, TaskId, TaskView } from '../protocol';

/** The scheme of the writable proposals: the right sides of a review. */
export const PROPOSAL = 'aca-review';

/** What comes before the path in the query of a left side that is no real file. No path begins with it. */
const LIVE = '/';

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

/** Returns the file that a left side stands for which is no real file, because there is none or it is not text. */
export function liveAddressOf(uri: vscode.Uri): Address | undefined {
  return uri.query.startsWith(LIVE) ? addressOf(uri.with({ query: uri.query.slice(LIVE.length) })) : undefined;
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
      // The editor cannot show what is not there, or is not text.
      return [right.with({ query: LIVE + path }), right];
    default:
      return [fileUri(task, path), right];
  }
}

/** Returns the title of a task's review. It ends with the task's identifier, which is how its tab is known again. */
export function reviewTitle(task: TaskView): string {
  return `aca: ${task.title} · ${task.id}`;
}

/** Returns the task of a tab with this label. The input of a multi-file diff is not part of the stable interface. */
export function taskOfLabel(label: string): TaskId | undefined {
  return /^aca: .* · (\S+)(?: \(.*\))?$/.exec(label)?.[1];
}
