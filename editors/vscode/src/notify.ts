// The notifications, of which there are three kinds: a task is ready, a task has failed, a person edits what a task
// works on. Nothing else interrupts anybody.
//
// VS Code gives no way to close a message again, so one can be there still when everything was decided elsewhere. Each button
// therefore says what is to be said by then.

import * as vscode from 'vscode';
import type { Ctx } from './ctx';
import { Proposal, type ConflictParams, type TaskId, type TaskView } from './protocol';
import { activeTask } from './review/tabs';
import { asMessage, describe, isAtWork } from './words';

/** Where the tasks at work are kept for the next window. */
const AT_WORK = 'aca.atWork';

export function registerNotifications(ctx: Ctx): void {
  // Only the end of work that was seen is news; what ends while the window is reloaded or closed is news afterwards.
  const { workspaceState } = ctx.extension;
  const atWork = new Set(workspaceState.get<TaskId[]>(AT_WORK, []));
  ctx.owns(
    ctx.onTask((task) => {
      const wasAtWork = atWork.has(task.id);
      const isNow = isAtWork(task.state);
      if (wasAtWork === isNow) {
        return;
      }
      if (isNow) {
        atWork.add(task.id);
      } else {
        atWork.delete(task.id);
        ended(ctx, task);
      }
      ctx.background(Promise.resolve(workspaceState.update(AT_WORK, [...atWork])));
    }),
  );
  ctx.owns(ctx.onConflict(conflict));
}

function ended(ctx: Ctx, task: TaskView): void {
  switch (task.state.name) {
    case 'ready':
      if (isInFront(task.id)) {
        // Who looks at the review sees the new round in it.
        return;
      }
      if (ctx.config.openReviewWhenReady) {
        void vscode.commands.executeCommand('aca.review', { task: task.id });
      } else {
        ctx.background(offerReview(ctx, task));
      }
      return;
    case 'failed':
    case 'lost': {
      const how = task.state.name === 'failed' ? 'failed' : 'is lost';
      const buttons = { ...goOn(task), 'Show Transcript': 'aca.showTranscript' };
      offer('error', `“${task.title}” ${how}: ${task.state.reason}`, task.id, buttons);
      return;
    }
    default:
  }
}

function isInFront(task: TaskId): boolean {
  return vscode.window.state.focused && activeTask() === task;
}

async function offerReview(ctx: Ctx, task: TaskView): Promise<void> {
  // A round that brought nothing leaves the proposal of the one before, with a note that says why.
  const { note } = await ctx.request(Proposal, { task: task.id });
  const message = [`“${task.title}” is ready: ${describe(task)}.`, note].filter(Boolean).join(' ');
  offer('info', message, task.id, { Review: 'aca.review', Later: undefined });
}

function goOn(task: TaskView): Record<string, string> {
  const [way, another] = task.recovery ?? [];
  if (way === undefined) {
    return {};
  }
  return { [way === 'again' && another === undefined ? 'Try Again' : 'Continue…']: 'aca.recover' };
}

function conflict({ task, title, path, changed }: ConflictParams): void {
  const has = changed ? 'has changed' : 'has read';
  const message = `The task “${title}” ${has} ${path}, which you are editing.`;
  offer('info', message, task, { 'Tell It…': 'aca.tell', Pause: 'aca.pause', Stop: 'aca.stop' });
}

/** Shows a message with buttons, each of which runs its command on the task. */
function offer(
  kind: 'info' | 'error',
  message: string,
  task: TaskId,
  buttons: Readonly<Record<string, string | undefined>>,
): void {
  const show = kind === 'info' ? vscode.window.showInformationMessage : vscode.window.showErrorMessage;
  void show(asMessage(message), ...Object.keys(buttons)).then((choice) => {
    const command = choice === undefined ? undefined : buttons[choice];
    if (command !== undefined) {
      void vscode.commands.executeCommand(command, { task });
    }
  });
}
