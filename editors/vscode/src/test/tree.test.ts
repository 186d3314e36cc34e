// The view of tasks, as its provider gives it to VS Code.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { task } from '../fixture';
import type { TaskState } from '../protocol';
import { taskItem, type Row, type TasksView } from '../tree';
import { extension, readyTask, until, untilTrue } from './world';

interface Entry {
  command: string;
  when: string;
  group: string;
}

/** Returns the commands that the manifest shows on a row with this context value. */
function inline(context: string | undefined): string[] {
  const { contributes } = extension().packageJSON as { contributes: { menus: Record<string, Entry[]> } };
  const entries = (contributes.menus['view/item/context'] ?? []).filter(({ group }) => group.startsWith('inline'));
  const shown = entries.filter(({ when }) => {
    const pattern = /viewItem =~ \/(.*)\/$/.exec(when)?.[1];
    return pattern !== undefined && new RegExp(pattern).test(context ?? '');
  });
  return shown.map(({ command }) => command);
}

async function tasksView(): Promise<TasksView> {
  return (await extension().activate()).tasksView;
}

async function children({ provider }: TasksView, row?: Row): Promise<Row[]> {
  return (await provider.getChildren(row)) ?? [];
}

async function item({ provider }: TasksView, row: Row | undefined): Promise<vscode.TreeItem> {
  assert.ok(row);
  return provider.getTreeItem(row);
}

suite('the view of tasks', () => {
  test('has a row for the workspace, with its session, tasks and cost', async () => {
    const { id, workspace } = await readyTask();
    const all = await tasksView();
    const rows = await children(all);
    assert.deepEqual(rows, [{ workspace }]);
    const shown = await until('the name of the session', async () => {
      const now = await item(all, rows[0]);
      return String(now.description).startsWith('greetings') ? now : undefined;
    });
    assert.deepEqual([shown.label, shown.id], ['shop', workspace]);
    assert.match(String(shown.description), /^greetings · 1 task · \$\d+\.\d\d$/);
    const ids = (await children(all, rows[0])).map((row) => ('task' in row ? row.task.id : ''));
    assert.deepEqual(ids, [id]);
  });

  test('has a row for the task, with its state, its cost and what can be done', async () => {
    const ready = await readyTask();
    const all = await tasksView();
    const row: Row = { task: ready };
    const shown = await item(all, row);
    assert.equal(shown.label, 'TODO: reject empty names');
    assert.match(String(shown.description), /^2 hunks to review · \$\d+\.\d\d$/);
    assert.deepEqual(inline(shown.contextValue), ['aca.review']);
    assert.deepEqual(shown.command?.command, 'aca.review');
    assert.deepEqual(shown.command.arguments, [{ task: ready.id }]);
    const whole = await all.provider.resolveTreeItem?.(shown, row, new vscode.CancellationTokenSource().token);
    const tooltip = whole?.tooltip;
    assert.ok(tooltip instanceof vscode.MarkdownString);
    assert.match(tooltip.value, /src\/user\\?\.rs, line \d+[^]*requests, [\d,]+ tokens in/);
  });

  test('has a badge with the number of tasks to review', async () => {
    await readyTask();
    const { view } = await tasksView();
    await untilTrue('the badge', () => view.badge?.value === 1);
    assert.equal(view.badge?.tooltip, '1 task to review');
  });

  test('offers on each row what its state allows', () => {
    const cases: [TaskState, string, string[]][] = [
      [{ name: 'queued' }, 'clock', ['aca.stop']],
      [{ name: 'running', activity: 'reading', sinceMs: 0 }, 'loading~spin', ['aca.pause', 'aca.stop']],
      [{ name: 'paused' }, 'debug-pause', ['aca.resume', 'aca.stop']],
      [{ name: 'stopping' }, 'loading~spin', []],
      [{ name: 'ready', pending: 2, conflicts: 0 }, 'diff', ['aca.review']],
      [{ name: 'ready', pending: 2, conflicts: 1 }, 'warning', ['aca.review']],
      [{ name: 'landed', accepted: 1, rejected: 0 }, 'check', []],
    ];
    for (const [state, icon, commands] of cases) {
      const { iconPath, contextValue } = taskItem(task(state));
      assert.ok(iconPath instanceof vscode.ThemeIcon);
      assert.deepEqual([iconPath.id, inline(contextValue)], [icon, commands], state.name);
    }
    const failed = task({ name: 'failed', reason: 'No credit.' }, { recovery: ['again', 'continue'] });
    assert.deepEqual(inline(taskItem(failed).contextValue), ['aca.recover']);
  });
});
