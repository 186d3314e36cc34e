// The tabs of a review: one multi-file diff for a task, and the diff of the file in which someone goes from hunk to hunk.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import type { TaskId, TaskView } from '../protocol';
import { addressOf, fileUri, reviewTitle, sides, taskOfLabel } from './address';
import { isUndecided, undecided } from './layout';
import type { Reviews } from './model';
import type { Owned } from './state';

export class ReviewTabs implements vscode.Disposable {
  private readonly own: Owned[];
  /** Which files the newest tab of each task has. */
  private readonly contents = new Map<TaskId, string>();

  constructor(
    private readonly ctx: Ctx,
    private readonly reviews: Reviews,
  ) {
    this.own = [
      vscode.window.tabGroups.onDidChangeTabs(noteActive),
      vscode.window.tabGroups.onDidChangeTabGroups(noteActive),
      reviews.onDidChange((task) => {
        this.ctx.background(this.closeIfDone(task));
      }),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        this.ctx.background(closeStray(uri));
      }),
    ];
    noteActive();
  }

  /** Opens the review of a task, or says that there is nothing to review. */
  async open(task: TaskView): Promise<boolean> {
    const { proposal } = await this.reviews.refresh(task.id);
    const open = proposal.files.filter((file) => file.hunks.some(isUndecided));
    // A file whose mode changes too is there twice.
    const files = open.filter(({ path }, index) => open.findIndex((other) => other.path === path) === index);
    if (files.length === 0) {
      void vscode.window.showInformationMessage(`Nothing is left to review of "${task.title}".`);
      return false;
    }
    const resources = files.map((file) => [fileUri(task, file.path), ...sides(task, file)]);
    const content = JSON.stringify(resources);
    const active = (): vscode.Tab | undefined => vscode.window.tabGroups.activeTabGroup.activeTab;
    if (tabsOf(task.id).whole.some((tab) => tab === active()) && this.contents.get(task.id) === content) {
      return true;
    }
    await vscode.commands.executeCommand('vscode.changes', reviewTitle(task), resources);
    // As a preview the next file that is opened would replace it.
    await vscode.commands.executeCommand('workbench.action.keepEditor');
    this.contents.set(task.id, content);
    const { whole, single } = tabsOf(task.id);
    await vscode.window.tabGroups.close(
      [...whole, ...single].filter((tab) => tab !== active()),
      true,
    );
    return true;
  }

  dispose(): void {
    vscode.Disposable.from(...this.own).dispose();
  }

  private async closeIfDone(task: TaskId): Promise<void> {
    const review = this.reviews.get(task);
    const { whole, single } = tabsOf(task);
    const tabs = [...whole, ...single];
    if (review === undefined || tabs.length === 0 || undecided(review.proposal).length > 0) {
      return;
    }
    await vscode.window.tabGroups.close(tabs, true);
    const hunks = review.proposal.files.flatMap((file) => file.hunks);
    const landed = hunks.filter((hunk) => hunk.state.name === 'landed').length;
    const words = landed === 0 ? 'Every hunk was rejected.' : `Landed ${landed} of ${hunks.length} hunks.`;
    vscode.window.setStatusBarMessage(`$(check) aca: ${words}`, 10_000);
  }
}

/** Returns the open tabs of a task's review: those with all files, and those with a single one. */
export function tabsOf(task: TaskId): { whole: vscode.Tab[]; single: vscode.Tab[] } {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => taskOf(tab) === task);
  const isSingle = (tab: vscode.Tab): boolean => singleOf(tab) !== undefined;
  return { whole: tabs.filter((tab) => !isSingle(tab)), single: tabs.filter(isSingle) };
}

/** Returns the task whose review is the active tab. */
export function activeTask(): TaskId | undefined {
  const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
  return tab && taskOf(tab);
}

function taskOf(tab: vscode.Tab): TaskId | undefined {
  return singleOf(tab) ?? (isOfOneFile(tab) ? undefined : taskOfLabel(tab.label));
}

/** Returns the task of a tab with one proposed file. */
function singleOf({ input }: vscode.Tab): TaskId | undefined {
  if (input instanceof vscode.TabInputTextDiff) {
    return addressOf(input.modified)?.task;
  }
  return input instanceof vscode.TabInputText ? addressOf(input.uri)?.task : undefined;
}

/** Closes the tab that VS Code opens, behind the review, for a proposed file that stays unsaved while someone types. */
async function closeStray(uri: vscode.Uri): Promise<void> {
  const isStray = ({ input, isActive }: vscode.Tab): boolean =>
    input instanceof vscode.TabInputText && input.uri.toString() === uri.toString() && !isActive;
  if (addressOf(uri) !== undefined) {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(tabs.filter(isStray), true);
  }
}

function isOfOneFile({ input }: vscode.Tab): boolean {
  return input instanceof vscode.TabInputText || input instanceof vscode.TabInputTextDiff;
}

function noteActive(): void {
  void vscode.commands.executeCommand('setContext', 'aca.reviewTabActive', activeTask() !== undefined);
}
