// The commands about a task as a whole: hold it, stop it, tell it something, have it go on, send it back.

import * as vscode from 'vscode';
import type { Ctx } from './ctx';
import { pickTask } from './pick';
import * as aca from './protocol';
import { ask } from './start';
import * as can from './can';

export function registerSteer(ctx: Ctx): void {
  ctx.command('aca.stop', (argument) => act(ctx, argument, aca.Stop, STOP));
  ctx.command('aca.pause', (argument) => act(ctx, argument, aca.Pause, PAUSE));
  ctx.command('aca.resume', (argument) => act(ctx, argument, aca.Resume, RESUME));
  ctx.command('aca.tell', (argument) => tell(ctx, argument));
  ctx.command('aca.recover', (argument) => recover(ctx, argument));
  ctx.command('aca.sendBack', (argument) => sendBack(ctx, argument));
}

const STOP = { fits: can.stop, question: 'Which task to stop?', none: 'No task is at work.' };
const PAUSE = { fits: can.pause, question: 'Which task to pause?', none: 'No task is running.' };
const RESUME = { fits: can.resume, question: 'Which task to resume?', none: 'No task is paused.' };
const TELL = { fits: can.tell, question: 'Which task to tell something?', none: 'No task is running.' };
const RECOVER = {
  fits: can.recover,
  question: 'Which task is to go on?',
  none: 'No task was stopped, has failed or is lost.',
};
const SEND_BACK = {
  fits: can.sendBack,
  question: 'Which task to send back?',
  none: 'No task has finished, so there is nothing to send back.',
};

/** The likeliest first. */
const WAYS: { how: aca.Recovery; label: string; detail: string }[] = [
  { how: 'continue', label: 'Continue', detail: 'Goes on with the conversation and with the work that was found.' },
  { how: 'again', label: 'Start Again', detail: 'Begins anew, on the files as they are now.' },
  { how: 'take', label: 'Take What Was Found', detail: 'Reviews what was found of the work; nothing vouches for it.' },
];

async function act(
  ctx: Ctx,
  argument: unknown,
  request: typeof aca.Stop,
  wanted: Parameters<typeof pickTask>[2],
): Promise<void> {
  const task = await pickTask(ctx, argument, wanted);
  if (task !== undefined) {
    await ctx.request(request, { task: task.id });
  }
}

async function tell(ctx: Ctx, argument: unknown): Promise<void> {
  const task = await pickTask(ctx, argument, TELL);
  if (task === undefined) {
    return;
  }
  const text = await ask(`Tell “${task.title}”`, 'The agent reads it when it comes to it; nothing is stopped');
  if (text !== undefined) {
    await ctx.request(aca.Tell, { task: task.id, text });
  }
}

async function recover(ctx: Ctx, argument: unknown): Promise<void> {
  const task = await pickTask(ctx, argument, RECOVER);
  if (task === undefined) {
    return;
  }
  const ways = WAYS.filter(({ how }) => task.recovery?.includes(how));
  const [only, another] = ways;
  const picked =
    another === undefined
      ? only
      : await vscode.window.showQuickPick(ways, { placeHolder: `How is “${task.title}” to go on?` });
  if (picked !== undefined) {
    await ctx.request(aca.Recover, { task: task.id, how: picked.how });
  }
}

/** The argument may name hunks for the agent to make again: `{ task, hunks }`. */
async function sendBack(ctx: Ctx, argument: unknown): Promise<void> {
  const task = await pickTask(ctx, argument, SEND_BACK);
  if (task === undefined) {
    return;
  }
  const redo = (argument as { hunks?: aca.HunkId[] } | undefined)?.hunks ?? [];
  const remark = await ask(
    redo.length === 0
      ? `What is the agent to do otherwise in “${task.title}”?`
      : 'What is the agent to do otherwise here?',
  );
  if (remark !== undefined) {
    await ctx.request(aca.SendBack, { task: task.id, remark, redo });
  }
}
