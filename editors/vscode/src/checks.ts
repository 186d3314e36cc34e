// Running the project's check on undecided hunks, after a person has confirmed its command.

import * as vscode from 'vscode';
import * as can from './can';
import type { Ctx } from './ctx';
import { pickTask } from './pick';
import * as aca from './protocol';
import { asMessage, count } from './words';

const READY = { fits: can.review, question: 'Which task to check?', none: 'No task waits for review.' };

export function registerChecks(ctx: Ctx): void {
  ctx.command('aca.checkHunks', (argument) => checkHunks(ctx, argument));
}

/** The argument may name hunks: `{ task, hunks }`. Without, all undecided hunks are checked. */
async function checkHunks(ctx: Ctx, argument: unknown): Promise<void> {
  const task = await pickTask(ctx, argument, READY);
  if (task === undefined || !(await isConfirmed(ctx, task.workspace))) {
    return;
  }
  const ids = (argument as { hunks?: aca.HunkId[] } | undefined)?.hunks;
  const selection: aca.Selection = ids === undefined ? { kind: 'all' } : { kind: 'hunks', ids };
  await ctx.request(aca.Check, { task: task.id, selection });
  const progress = { location: vscode.ProgressLocation.Window, title: `aca checks “${task.title}”` };
  const check = await vscode.window.withProgress(progress, () => checked(ctx, task.id));
  if (check !== undefined) {
    say(task, check);
  }
}

async function isConfirmed(ctx: Ctx, workspace: string): Promise<boolean> {
  const { command, from, confirmed } = await ctx.request(aca.CheckCommand, { workspace });
  if (command === undefined) {
    void vscode.window.showInformationMessage(
      'No check is configured, and none was recognised. Name a command as “checks.command” in aca.toml.',
    );
    return false;
  }
  if (confirmed) {
    return true;
  }
  const where = from === undefined ? '' : ` (from ${from})`;
  const choice = await vscode.window.showInformationMessage(
    asMessage(`The check command is “${command}”${where}. It runs in a sandbox, once you confirm it.`),
    'Confirm and Check',
  );
  if (choice === undefined) {
    return false;
  }
  const now = await ctx.request(aca.ConfirmCheck, { workspace, command });
  if (!now.confirmed) {
    void vscode.window.showWarningMessage('The check command has changed meanwhile. Look at it again.');
  }
  return now.confirmed;
}

/** Returns the task's newest check when it has ended; nothing if the server ends first. */
async function checked(ctx: Ctx, task: aca.TaskId): Promise<aca.CheckView | undefined> {
  const own: vscode.Disposable[] = [];
  try {
    return await new Promise((resolve, reject) => {
      const look = (): void => {
        ctx.request(aca.Proposal, { task }).then(({ check }) => {
          if (check?.state.name !== 'running') {
            resolve(check);
          }
        }, reject);
      };
      own.push(
        ctx.onProposal((changed) => {
          if (changed.task === task) {
            look();
          }
        }),
        ctx.onRunning((running) => {
          if (!running) {
            resolve(undefined);
          }
        }),
      );
      look();
    });
  } finally {
    vscode.Disposable.from(...own).dispose();
  }
}

function say(task: aca.TaskView, check: aca.CheckView): void {
  const { state } = check;
  switch (state.name) {
    case 'passed':
      vscode.window.setStatusBarMessage(`$(check) “${check.command}” passed`, 6_000);
      return;
    case 'failed': {
      const found = check.findings?.length ?? 0;
      const words = found === 0 ? '' : ` with ${count(found, 'finding')}`;
      const message = asMessage(`“${check.command}” failed${words}.`);
      void vscode.window.showWarningMessage(message, 'Review').then((choice) => {
        if (choice !== undefined) {
          void vscode.commands.executeCommand('aca.review', { task: task.id });
        }
      });
      return;
    }
    case 'broken':
      void vscode.window.showErrorMessage(asMessage(state.reason));
      return;
    case 'running':
  }
}
