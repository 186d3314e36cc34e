// The commands of a review.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { pickTask, taskIdOf } from '../pick';
import type { FileChange, TaskId, TaskView } from '../protocol';
import { asMessage } from '../words';
import { addressOf, fileUri } from './address';
import type { Decisions } from './decide';
import { undecided } from './layout';
import { askForLenses } from './lenses';
import type { Reviews } from './model';
import { activeTask, type ReviewTabs } from './tabs';
import type { Target, Threads } from './threads';
import type { Walk } from './walk';

interface Parts {
  ctx: Ctx;
  reviews: Reviews;
  threads: Threads;
  decisions: Decisions;
  tabs: ReviewTabs;
  walk: Walk;
}

export function registerCommands(parts: Parts): void {
  const { ctx, threads, decisions, walk } = parts;
  const onHunk = (name: string, run: (target: Target) => Promise<void>): void => {
    ctx.command(name, async (argument) => {
      const target = targetOf(argument, threads) ?? (await walk.target());
      if (target === undefined) {
        say('There is no hunk at the cursor. Review a task, or put the cursor on a hunk.');
      } else {
        await run(target);
      }
    });
  };
  const one = ({ hunk }: Target): { kind: 'hunks'; ids: string[] } => ({ kind: 'hunks', ids: [hunk] });
  onHunk('aca.acceptHunk', (target) => decisions.decide(target.task, 'accept', one(target)));
  onHunk('aca.rejectHunk', (target) => decisions.decide(target.task, 'reject', one(target)));
  onHunk('aca.keepMine', (target) => decisions.decide(target.task, 'reject', one(target)));
  onHunk('aca.takeAgents', (target) => decisions.decide(target.task, 'accept', one(target), 'agent'));
  onHunk('aca.keepBoth', (target) => decisions.decide(target.task, 'accept', one(target), 'both'));
  onHunk('aca.reviseHunk', (target) => decisions.revise(target));
  onHunk('aca.redoHunk', (target) => decisions.revise(target, ''));
  ctx.command('aca.showThread', (argument) => {
    const target = targetOf(argument, threads);
    return target !== undefined && threads.expand(target);
  });
  ctx.command('aca.sendRemark', (argument) => sendRemark(argument, parts));
  for (const decision of ['accept', 'reject'] as const) {
    ctx.command(`aca.${decision}All`, (argument) => decideAll(parts, argument, decision));
    ctx.command(`aca.${decision}File`, (argument) => decideFile(parts, argument, decision));
  }
  ctx.command('aca.nextHunk', () => walk.go('next'));
  ctx.command('aca.previousHunk', () => walk.go('previous'));
  ctx.command('aca.review', (argument) => review(parts, argument));
  ctx.command('aca.showInFile', (argument) => showInFile(parts, argument));
  ctx.command('aca.hideInFile', () => hideInFile(parts));
}

async function review(parts: Parts, argument: unknown): Promise<void> {
  const { ctx, reviews, tabs, walk } = parts;
  const task = await taskToReview(parts, argument);
  if (task === undefined) {
    return;
  }
  if (reviews.isInFile(task.id)) {
    // The file is the left side, and would have the threads of the right side once more.
    await showThreadsInFile(parts, task.id, false);
  }
  const hunk = hunkIdOf(argument);
  const isShown = hunk !== undefined && (await walk.show(task, hunk));
  if (isShown || (await tabs.open(task))) {
    ctx.background(askForLenses(ctx));
  }
}

async function decideAll(parts: Parts, argument: unknown, decision: 'accept' | 'reject'): Promise<void> {
  const named = taskIdOf(argument) ?? activeTask();
  const task = named ?? (await taskToReview(parts, argument))?.id;
  if (task !== undefined) {
    await parts.decisions.decide(task, decision, { kind: 'all' });
  }
}

async function decideFile(parts: Parts, argument: unknown, decision: 'accept' | 'reject'): Promise<void> {
  const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  const address = uri && addressOf(uri);
  if (address !== undefined) {
    await parts.decisions.decide(address.task, decision, { kind: 'file', path: address.path });
    return;
  }
  const target = await parts.walk.target();
  const known = target && parts.reviews.get(target.task);
  const place = known && undecided(known.proposal).find(({ hunk }) => hunk.id === target.hunk);
  if (target === undefined || place === undefined) {
    say('The file of the active editor is not under review at the cursor.');
    return;
  }
  await parts.decisions.decide(target.task, decision, { kind: 'file', path: place.path });
}

async function sendRemark(argument: unknown, { threads, decisions }: Parts): Promise<void> {
  const { thread, text } = argument as vscode.CommentReply;
  const target = threads.targetOf(thread);
  if (target !== undefined && text.trim() !== '') {
    await decisions.revise(target, text);
  }
}

async function showInFile(parts: Parts, argument: unknown): Promise<void> {
  const { reviews, walk } = parts;
  const atCursor = taskIdOf(argument) === undefined ? await walk.target() : undefined;
  const task = await taskToReview(parts, atCursor ?? argument);
  if (task === undefined) {
    return;
  }
  await showThreadsInFile(parts, task.id, true);
  const proposal = reviews.get(task.id)?.proposal;
  const places = (proposal === undefined ? [] : undecided(proposal)).filter(({ change }) => isInText(change));
  const place = places.find(({ hunk }) => hunk.id === atCursor?.hunk) ?? places[0];
  if (place === undefined) {
    say(`“${task.title}” changes no text that is there already. Review it instead.`);
  } else {
    const { line } = place.hunk;
    const selection = new vscode.Range(line, 0, line, 0);
    await vscode.window.showTextDocument(fileUri(task, place.path), { selection });
  }
}

/** Says whether a change is one of the text of a file that is there already. */
function isInText({ kind }: FileChange): boolean {
  return kind === 'modify' || kind === 'delete' || kind === 'mode';
}

async function hideInFile(parts: Parts): Promise<void> {
  for (const task of parts.reviews.tasks()) {
    await showThreadsInFile(parts, task, false);
  }
}

async function showThreadsInFile({ reviews }: Parts, task: TaskId, shown: boolean): Promise<void> {
  await reviews.showInFile(task, shown);
  const isAny = reviews.tasks().some((id) => reviews.isInFile(id));
  await vscode.commands.executeCommand('setContext', 'aca.threadsInFile', isAny);
}

function taskToReview({ ctx }: Parts, argument: unknown): Promise<TaskView | undefined> {
  return pickTask(ctx, argument, {
    fits: (task) => task.state.name === 'ready',
    question: 'Which task to review?',
    none: 'No task waits for review.',
  });
}

/** Returns the hunk that a command's argument names: `{ task, hunk }` or a thread. */
function targetOf(argument: unknown, threads: Threads): Target | undefined {
  const task = taskIdOf(argument);
  const hunk = hunkIdOf(argument);
  if (task !== undefined && hunk !== undefined) {
    return { task, hunk };
  }
  return typeof argument === 'object' && argument !== null
    ? threads.targetOf(argument as vscode.CommentThread)
    : undefined;
}

function hunkIdOf(argument: unknown): string | undefined {
  const has = typeof argument === 'object' && argument !== null && 'hunk' in argument;
  return has && typeof argument.hunk === 'string' ? argument.hunk : undefined;
}

function say(message: string): void {
  void vscode.window.showInformationMessage(asMessage(message));
}
