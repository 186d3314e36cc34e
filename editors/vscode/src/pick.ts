// Which task a command is about.

import * as vscode from 'vscode';
import type { Ctx } from './ctx';
import type { TaskId, TaskView } from './protocol';
import { describe } from './words';

/** Which tasks a command can be about, and what to say if there is none. */
export interface Wanted {
  fits: (task: TaskView) => boolean;
  /** The question of the quick pick: `Which task to stop?` */
  question: string;
  /** A sentence for when no task fits. */
  none: string;
}

/**
 * Returns the task that an argument names (`{ task }`, its identifier, a row of the tree), else the fitting one at the
 * cursor, else the only fitting one, else the one that the person picks. `undefined` is after a message or a dismissal.
 */
export async function pickTask(ctx: Ctx, argument: unknown, wanted: Wanted): Promise<TaskView | undefined> {
  await ctx.ready();
  const named = taskIdOf(argument);
  if (named !== undefined) {
    const task = ctx.tasks.get(named);
    if (task === undefined) {
      say('This task is not there any more.');
    }
    return task;
  }
  const candidates = ctx.tasks.all().filter(wanted.fits).reverse();
  const [first, second] = candidates;
  if (first === undefined) {
    say(wanted.none);
    return undefined;
  }
  const here = candidates.filter(isAtCursor);
  const only = here.length === 1 ? here[0] : second === undefined ? first : undefined;
  if (only !== undefined) {
    return only;
  }
  const items = candidates.map((task) => ({ label: task.title, description: describe(task), task }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: wanted.question, matchOnDescription: true });
  return picked?.task;
}

/** Returns the task that a command's argument names. */
export function taskIdOf(argument: unknown): TaskId | undefined {
  if (typeof argument === 'string') {
    return argument;
  }
  if (typeof argument !== 'object' || argument === null || !('task' in argument)) {
    return undefined;
  }
  const { task } = argument;
  if (typeof task === 'string') {
    return task;
  }
  return typeof task === 'object' && task !== null && 'id' in task && typeof task.id === 'string' ? task.id : undefined;
}

function say(message: string): void {
  void vscode.window.showInformationMessage(message);
}

/** Says whether a task was made for the place where the cursor is. The line is that of its making. */
function isAtCursor(task: TaskView): boolean {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || task.origin.kind === 'text') {
    return false;
  }
  const { uri } = editor.document;
  const file = vscode.Uri.joinPath(vscode.Uri.file(task.workspace), task.origin.path);
  if (uri.scheme !== 'file' || uri.fsPath !== file.fsPath) {
    return false;
  }
  const [start, end] =
    task.origin.kind === 'todo' ? [task.origin.line, task.origin.line] : [task.origin.startLine, task.origin.endLine];
  const { line } = editor.selection.active;
  return start <= line && line <= end;
}
