// Taking back what has landed.

import * as vscode from 'vscode';
import type { Ctx } from './ctx';
import { taskIdOf } from './pick';
import * as aca from './protocol';
import { pickWorkspace } from './start';
import { asMessage, count } from './words';

/** How long a result stands in the status bar. */
const SHOWN_MS = 6_000;

export function registerLandings(ctx: Ctx): void {
  ctx.command('aca.undo', (argument) => undo(ctx, argument));
}

/** Takes back the newest landing: of the task that the argument names, else of the workspace. */
async function undo(ctx: Ctx, argument: unknown): Promise<void> {
  await ctx.ready();
  const id = taskIdOf(argument);
  const task = id === undefined ? undefined : ctx.tasks.get(id);
  const workspace = task?.workspace ?? (await pickWorkspace('Of which folder?'));
  if (workspace === undefined) {
    return;
  }
  const operation = task && (await newestOf(ctx, task));
  if (task !== undefined && operation === undefined) {
    void vscode.window.showInformationMessage(
      asMessage(`Nothing of “${task.title}” is in the files, so there is nothing to undo.`),
    );
    return;
  }
  const result = await ctx.request(aca.Undo, { workspace, ...(operation === undefined ? {} : { operation }) });
  if (result.hunks.length > 0) {
    vscode.window.setStatusBarMessage(`aca took back ${count(result.hunks.length, 'hunk')}`, SHOWN_MS);
  }
  for (const { reason } of result.refused) {
    void vscode.window.showWarningMessage(asMessage(reason));
  }
}

async function newestOf(ctx: Ctx, task: aca.TaskView): Promise<aca.OperationId | undefined> {
  const { operations } = await ctx.request(aca.Operations, { workspace: task.workspace });
  const standing = operations.filter(
    (operation) => operation.task === task.id && operation.undoes === undefined && operation.hunks.length > 0,
  );
  return standing.at(-1)?.id;
}
