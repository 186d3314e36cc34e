// How tasks are said to a person.

import type { TaskState, TaskView, Usage } from './protocol';

/** Says how a task stands, in a few words. */
export function describe(task: TaskView): string {
  const { state } = task;
  switch (state.name) {
    case 'preparing':
      return state.step;
    case 'running':
      return state.activity || 'running';
    case 'ready':
      return state.conflicts === 0
        ? `${count(state.pending, 'hunk')} to review`
        : `${count(state.pending, 'hunk')} to review, ${count(state.conflicts, 'conflict')}`;
    case 'landed':
      return state.rejected === 0
        ? `landed ${count(state.accepted, 'hunk')}`
        : `landed ${count(state.accepted, 'hunk')}, rejected ${state.rejected}`;
    case 'nothingToDo':
      return 'nothing to do';
    case 'failed':
    case 'lost':
      return `${state.name}: ${state.reason}`;
    default:
      return state.name;
  }
}

/** Says whether aca goes on with a task by itself, or would if it were not paused. */
export function isAtWork(state: TaskState): boolean {
  return ['queued', 'preparing', 'running', 'paused', 'verifying', 'stopping'].includes(state.name);
}

/** When the present work on a task began, where it is at work. */
export function atWorkSince(task: TaskView): number | undefined {
  switch (task.state.name) {
    case 'running':
    case 'verifying':
      return task.state.sinceMs;
    case 'queued':
    case 'preparing':
      return task.changedMs;
    default:
      return undefined;
  }
}

/** `41 s`, `3 min`, `2 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `$0.03`, or nothing if nothing was paid. */
export function cost(usage: Pick<Usage, 'costMicros'>): string {
  const dollars = usage.costMicros / 1_000_000;
  if (dollars === 0) {
    return '';
  }
  return dollars < 0.01 ? '< $0.01' : `$${dollars.toFixed(2)}`;
}

/** `1 hunk`, `3 hunks`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

/** Returns a text as a notification shows it: VS Code makes links of what looks like one, of commands too. */
export function asMessage(text: string): string {
  return text.replaceAll('](', '] (');
}

/** Returns markdown that shows just a text. `appendText` of VS Code makes spaces that no line breaks at. */
export function asMarkdown(text: string): string {
  return text
    .replace(/[\\`*_{}[\]()#+\-!~|<>&$]/g, '\\$&')
    .replace(/^(\d+)\./gm, '$1\\.')
    .replace(/\r\n?|\n/g, '  \n')
    .trim();
}
