// The one item in the status bar, with what can be done in its tooltip.

import * as vscode from 'vscode';
import * as can from './can';
import type { Ctx, Health } from './ctx';
import type { TaskView } from './protocol';
import { asMarkdown, count, describe, isAtWork } from './words';

/** How many tasks of a kind the tooltip names. */
const MAX_NAMED = 5;

/** The commands that links in the tooltip may run. */
const LINKED = [
  'aca.newTask',
  'aca.pause',
  'aca.restartServer',
  'aca.resume',
  'aca.review',
  'aca.runDoctor',
  'aca.showLog',
  'aca.showTranscript',
  'aca.showUsage',
  'aca.stop',
];

export function registerStatus(ctx: Ctx): void {
  const item = vscode.window.createStatusBarItem('aca.status', vscode.StatusBarAlignment.Left);
  item.name = 'aca';
  let drawn = '';
  const draw = (): void => {
    const tasks = ctx.tasks.all();
    const now = face(ctx.health, tasks);
    const words = tooltip(ctx.health, tasks);
    // An item that is set anew closes its tooltip, so it is set only when it says something else.
    const all = JSON.stringify([now, words.value]);
    if (all === drawn) {
      return;
    }
    drawn = all;
    item.text = now.text;
    item.backgroundColor = now.background === undefined ? undefined : new vscode.ThemeColor(now.background);
    item.command = now.command;
    item.tooltip = words;
  };
  ctx.owns(item);
  ctx.owns(ctx.onHealth(draw));
  ctx.owns(ctx.tasks.onDidChange(draw));
  draw();
  item.show();
}

interface Face {
  text: string;
  background?: string;
  command: string;
}

function face(health: Health, tasks: readonly TaskView[]): Face {
  const command = 'aca.tasks.focus';
  switch (health.name) {
    case 'starting':
      return { text: '$(loading~spin) aca', command };
    case 'failed':
      return { text: '$(error) aca', background: 'statusBarItem.errorBackground', command: 'aca.showLog' };
    case 'stopped':
      return {
        text: '$(error) aca: stopped',
        background: 'statusBarItem.errorBackground',
        command: 'aca.restartServer',
      };
    case 'notStarted':
      return { text: '$(tasklist) aca', command };
    case 'running': {
      const working = tasks.filter(can.stop).length;
      const ready = tasks.filter(can.review).length;
      const parts = [working > 0 ? `${working} at work` : '', ready > 0 ? `${ready} to review` : ''].filter(Boolean);
      const sign = working > 0 ? 'loading~spin' : ready > 0 ? 'diff' : 'tasklist';
      const text = `$(${sign}) aca: ${parts.length === 0 ? 'idle' : parts.join(', ')}`;
      const isTroubled = (health.status?.problems.length ?? 0) > 0;
      return isTroubled ? { text, background: 'statusBarItem.warningBackground', command } : { text, command };
    }
  }
}

function tooltip(health: Health, tasks: readonly TaskView[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.isTrusted = { enabledCommands: LINKED };
  const paragraph = (words: string): void => {
    text.appendMarkdown(`${asMarkdown(words)}\n\n`);
  };
  if (health.name === 'failed') {
    paragraph(health.message);
  } else if (health.name === 'running') {
    health.status?.problems.forEach(paragraph);
  } else {
    paragraph(WORDS[health.name]);
  }
  named(text, tasks.filter(can.stop), (task) => [
    can.resume(task) ? link('Resume', 'aca.resume', task) : can.pause(task) ? link('Pause', 'aca.pause', task) : '',
    link('Stop', 'aca.stop', task),
    link('Transcript', 'aca.showTranscript', task),
  ]);
  named(text, tasks.filter(can.review), (task) => [link('Review', 'aca.review', task)]);
  text.appendMarkdown('\n\n---\n\n');
  text.appendMarkdown(
    [
      link('New Task…', 'aca.newTask'),
      link('Usage', 'aca.showUsage'),
      link('Doctor', 'aca.runDoctor'),
      link('Log', 'aca.showLog'),
      link('Restart', 'aca.restartServer'),
    ].join(' · '),
  );
  if (health.name === 'running') {
    text.appendMarkdown(`\n\n${asMarkdown(health.server.version)}`);
  }
  return text;
}

const WORDS = {
  notStarted: 'The server starts with the first file that you open.',
  starting: 'The server starts.',
  stopped: 'The server has ended. Tasks go on without it; restart it to see them.',
};

function named(text: vscode.MarkdownString, tasks: readonly TaskView[], links: (task: TaskView) => string[]): void {
  for (const task of tasks.slice(-MAX_NAMED).reverse()) {
    text.appendMarkdown(asMarkdown(`${task.title} · ${isAtWork(task.state) ? task.state.name : describe(task)}`));
    text.appendMarkdown(`  \n${links(task).filter(Boolean).join(' · ')}\n\n`);
  }
  if (tasks.length > MAX_NAMED) {
    text.appendMarkdown(`and ${count(tasks.length - MAX_NAMED, 'more task')}\n\n`);
  }
}

function link(title: string, command: string, task?: TaskView): string {
  const argument = task === undefined ? '' : `?${encodeURIComponent(JSON.stringify([{ task: task.id }]))}`;
  return `[${title}](command:${command}${argument})`;
}
