// The view of all tasks, by workspace and its session.

import { basename } from 'node:path';
import * as vscode from 'vscode';
import * as can from './can';
import type { Ctx } from './ctx';
import * as aca from './protocol';
import { asMarkdown, atWorkSince, cost, count, describe, duration, isAtWork } from './words';

/** How often the times of tasks at work are drawn anew while the view is visible. */
const TICK_MS = 5_000;

/** A row: a workspace with its tasks, or a task. */
export type Row = { workspace: string } | { task: aca.TaskView };

/** What the view of tasks is made of. */
export interface TasksView {
  provider: vscode.TreeDataProvider<Row>;
  view: vscode.TreeView<Row>;
}

export function registerTree(ctx: Ctx): TasksView {
  const rows = new Rows(ctx);
  const view = vscode.window.createTreeView<Row>('aca.tasks', { treeDataProvider: rows });
  const update = (): void => {
    const ready = ctx.tasks.all().filter(can.review).length;
    view.badge = ready === 0 ? undefined : { value: ready, tooltip: `${count(ready, 'task')} to review` };
    rows.refresh();
  };
  const tick = setInterval(() => {
    if (view.visible && ctx.tasks.all().some((task) => isAtWork(task.state))) {
      rows.refresh();
    }
  }, TICK_MS);
  ctx.owns(view);
  ctx.owns(ctx.tasks.onDidChange(update));
  ctx.owns(
    ctx.onTask((task) => {
      if (rows.isNew(task.session)) {
        ctx.background(rows.loadSessions().then(update));
      }
    }),
  );
  ctx.owns(vscode.workspace.onDidChangeWorkspaceFolders(update));
  ctx.owns({
    dispose: () => {
      clearInterval(tick);
    },
  });
  const startIfVisible = (): void => {
    if (view.visible) {
      ctx.startUnasked();
    }
  };
  ctx.owns(view.onDidChangeVisibility(startIfVisible));
  startIfVisible();
  return { provider: rows, view };
}

class Rows implements vscode.TreeDataProvider<Row> {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  /** The sessions, with the names that people have given them. */
  private names = new Map<aca.SessionId, string | undefined>();

  constructor(private readonly ctx: Ctx) {
    ctx.owns(this.changed);
  }

  refresh(): void {
    this.changed.fire(undefined);
  }

  /** Says whether a session was not met before. */
  isNew(session: aca.SessionId): boolean {
    const isNew = !this.names.has(session);
    if (isNew) {
      this.names.set(session, undefined);
    }
    return isNew;
  }

  async loadSessions(): Promise<void> {
    const { sessions } = await this.ctx.request(aca.Sessions, {});
    this.names = new Map(sessions.map(({ id, name }) => [id, name]));
  }

  getChildren(row?: Row): Row[] {
    const tasks = this.ctx.tasks.all().toReversed();
    if (row !== undefined) {
      return 'workspace' in row
        ? tasks.filter((task) => task.workspace === row.workspace).map((task) => ({ task }))
        : [];
    }
    const workspaces = new Set(tasks.map((task) => task.workspace));
    return [...workspaces].sort().map((workspace) => ({ workspace }));
  }

  getTreeItem(row: Row): vscode.TreeItem {
    return 'task' in row ? taskItem(row.task) : this.workspaceItem(row.workspace);
  }

  resolveTreeItem(item: vscode.TreeItem, row: Row): vscode.TreeItem {
    if ('task' in row) {
      item.tooltip = tooltip(row.task);
    }
    return item;
  }

  private workspaceItem(workspace: string): vscode.TreeItem {
    const tasks = this.ctx.tasks.all().filter((task) => task.workspace === workspace);
    const item = new vscode.TreeItem(basename(workspace), vscode.TreeItemCollapsibleState.Expanded);
    const paid = cost({ costMicros: tasks.reduce((sum, task) => sum + task.usage.costMicros, 0) });
    const name = tasks[0] && this.names.get(tasks[0].session);
    item.id = workspace;
    item.description = [name, count(tasks.length, 'task'), paid].filter(Boolean).join(' · ');
    item.tooltip = workspace;
    item.iconPath = vscode.ThemeIcon.Folder;
    item.contextValue = 'workspace';
    return item;
  }
}

/** The row of a task. */
export function taskItem(task: aca.TaskView): vscode.TreeItem {
  const item = new vscode.TreeItem(task.title);
  const since = atWorkSince(task);
  const time = since === undefined ? '' : duration(Date.now() - since);
  const opens = can.review(task)
    ? { command: 'aca.review', title: 'Review Changes' }
    : { command: 'aca.showTranscript', title: 'Show Transcript' };
  item.id = task.id;
  item.description = [describe(task), time, cost(task.usage)].filter(Boolean).join(' · ');
  item.iconPath = icon(task.state);
  item.contextValue = `task ${can.abilities(task)}`;
  item.command = { ...opens, arguments: [{ task: task.id }] };
  return item;
}

function icon(state: aca.TaskState): vscode.ThemeIcon {
  const themed = (name: string, color?: string): vscode.ThemeIcon =>
    new vscode.ThemeIcon(name, color === undefined ? undefined : new vscode.ThemeColor(color));
  switch (state.name) {
    case 'queued':
      return themed('clock');
    case 'preparing':
    case 'running':
    case 'verifying':
    case 'stopping':
      return themed('loading~spin');
    case 'paused':
      return themed('debug-pause');
    case 'ready':
      return state.conflicts === 0 ? themed('diff', 'charts.blue') : themed('warning', 'charts.yellow');
    case 'landed':
      return themed('check', 'charts.green');
    case 'failed':
    case 'lost':
      return themed('error', 'charts.red');
    case 'stopped':
      return themed('debug-stop');
    case 'rejected':
      return themed('circle-slash');
    case 'nothingToDo':
      return themed('dash');
  }
}

function tooltip(task: aca.TaskView): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const { origin, usage, state } = task;
  const line = (words: string): void => {
    text.appendMarkdown(`${asMarkdown(words)}\n\n`);
  };
  line(origin.kind === 'selection' ? origin.instruction : origin.text);
  if (origin.kind !== 'text') {
    line(`${origin.path}, line ${(origin.kind === 'todo' ? origin.line : origin.startLine) + 1}`);
  }
  line(state.name === 'nothingToDo' && state.summary !== '' ? state.summary : describe(task));
  const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  line(
    [
      count(usage.requests, 'request'),
      `${input.toLocaleString('en')} tokens in`,
      `${usage.outputTokens.toLocaleString('en')} out`,
      cost(usage),
    ]
      .filter(Boolean)
      .join(', '),
  );
  line(`Made ${new Date(task.createdMs).toLocaleString()}`);
  return text;
}
