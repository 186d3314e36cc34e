// What can be done with a task in which state, and the context keys that enable commands by it.

import * as vscode from 'vscode';
import type { Ctx } from './ctx';
import type { TaskView } from './protocol';
import { isAtWork } from './words';

export const review = (task: TaskView): boolean => task.state.name === 'ready';
export const stop = (task: TaskView): boolean => isAtWork(task.state) && task.state.name !== 'stopping';
export const pause = (task: TaskView): boolean => task.state.name === 'running';
export const resume = (task: TaskView): boolean => task.state.name === 'paused';
export const tell = (task: TaskView): boolean => pause(task) || resume(task);
export const recover = (task: TaskView): boolean => (task.recovery ?? []).length > 0;
export const sendBack = (task: TaskView): boolean =>
  ['ready', 'landed', 'rejected', 'nothingToDo'].includes(task.state.name);
/** Something of it may have landed; the server knows. */
export const undo = (task: TaskView): boolean => ['ready', 'landed'].includes(task.state.name);

const ABILITIES = { review, stop, pause, resume, tell, recover, sendBack, undo };

/** Returns the abilities of a task as a text for `viewItem =~ /stop/`. */
export function abilities(task: TaskView): string {
  const able = Object.entries(ABILITIES).filter(([, can]) => can(task));
  return able.map(([name]) => name).join(' ');
}

/** Keeps the context keys `aca.canStop` and so on as the tasks are, and `aca.hasTasks`. */
export function registerContextKeys(ctx: Ctx): void {
  const set = new Map<string, boolean>();
  const update = (key: string, value: boolean): void => {
    if (set.get(key) !== value) {
      set.set(key, value);
      void vscode.commands.executeCommand('setContext', key, value);
    }
  };
  ctx.owns(
    ctx.tasks.onDidChange(() => {
      const tasks = ctx.tasks.all();
      for (const [name, can] of Object.entries(ABILITIES)) {
        update(`aca.can${name.charAt(0).toUpperCase()}${name.slice(1)}`, tasks.some(can));
      }
      update('aca.hasTasks', tasks.length > 0);
    }),
  );
}
