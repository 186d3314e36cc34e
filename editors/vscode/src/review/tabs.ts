// The tab of a review: one multi-file diff for a task.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import type { TaskId, TaskView } from '../protocol';
import { fileUri, reviewTitle, sides, taskOfTab } from './address';
import { isUndecided, undecided } from './layout';
import type { Reviews } from './model';
import type { Owned } from './state';

export class ReviewTabs implements vscode.Disposable {
  private readonly own: Owned[];

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
    ];
    noteActive();
  }

  /** Opens the review of a task, or says that there is nothing to review. Says whether it is open. */
  async open(task: TaskView): Promise<boolean> {
    const { proposal } = await this.reviews.refresh(task.id);
    const files = new Map(
      proposal.files.filter((file) => file.hunks.some(isUndecided)).map((file) => [file.path, file]),
    );
    if (files.size === 0) {
      void vscode.window.showInformationMessage(`Nothing is left to review of "${task.title}".`);
      return false;
    }
    const before = tabsOf(task.id);
    const resources = [...files.values()].map((file) => [fileUri(task, file.path), ...sides(task, file)]);
    await vscode.commands.executeCommand('vscode.changes', reviewTitle(task), resources);
    // As a preview the next file that is opened would replace it.
    await vscode.commands.executeCommand('workbench.action.keepEditor');
    await vscode.window.tabGroups.close(before, true);
    return true;
  }

  /** Returns the task whose review is the active tab. */
  active(): TaskId | undefined {
    return activeTask();
  }

  dispose(): void {
    vscode.Disposable.from(...this.own).dispose();
  }

  private async closeIfDone(task: TaskId): Promise<void> {
    const review = this.reviews.get(task);
    const tabs = tabsOf(task);
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

function tabsOf(task: TaskId): vscode.Tab[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.filter((tab) => taskOfTab(tab) === task);
}

function activeTask(): TaskId | undefined {
  const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
  return tab && taskOfTab(tab);
}

function noteActive(): void {
  void vscode.commands.executeCommand('setContext', 'aca.reviewTabActive', activeTask() !== undefined);
}
