// Going from hunk to hunk, and the hunk at the cursor.
//
// Nothing stable scrolls a multi-file diff or moves its keyboard focus. So who goes from hunk to hunk is shown one file at a
// time, in the ordinary diff of the same two documents.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import type { HunkId, TaskId, TaskView } from '../protocol';
import { addressOf, fileUri, proposalUri, sides } from './address';
import { neighbour, placeAt, placesInFile, placesInProposal, type Place } from './layout';
import type { Reviews } from './model';
import { activeTask, tabsOf } from './tabs';
import type { Target } from './threads';

/** A hunk where it is shown: in the right side of a review, or in the file. */
interface Spot {
  task: TaskView;
  place: Place;
  uri: vscode.Uri;
}

export class Walk {
  constructor(
    private readonly ctx: Ctx,
    private readonly reviews: Reviews,
  ) {}

  /** Returns the hunk at the cursor. */
  async target(): Promise<Target | undefined> {
    const spot = atCursor(await this.spots());
    return spot && { task: spot.task.id, hunk: spot.place.hunk.id };
  }

  /** Goes to the next or previous hunk of the task or file in the active editor. */
  async go(direction: 'next' | 'previous'): Promise<void> {
    const spots = await this.spots();
    const editor = vscode.window.activeTextEditor;
    const address = editor && addressOf(editor.document.uri);
    const here = spots.find(({ uri }) => uri.toString() === editor?.document.uri.toString());
    const from = {
      path: here?.place.path ?? address?.path ?? '',
      line: editor?.selection.active.line ?? 0,
      hunk: atCursor(spots)?.place.hunk.id,
    };
    const places = spots.map((spot) => spot.place);
    const files = (address && this.reviews.get(address.task)?.proposal.files) ?? places;
    const paths = [...new Set(files.map(({ path }) => path))];
    const place = neighbour(places, paths, from, direction);
    const spot = spots.find((other) => other.place === place);
    if (spot === undefined) {
      void vscode.window.showInformationMessage('There is no hunk to go to.');
    } else {
      await goTo(spot);
    }
  }

  /** Shows a hunk of a task by itself. Says whether it is there. */
  async show(task: TaskView, hunk: HunkId): Promise<boolean> {
    const spot = (await this.inReview(task)).find(({ place }) => place.hunk.id === hunk);
    if (spot !== undefined) {
      await goTo(spot);
    }
    return spot !== undefined;
  }

  /** The hunks of the review or the file that the active editor belongs to, in the order in which they are shown. */
  private async spots(): Promise<Spot[]> {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const task = this.ctx.tasks.get(activeTask() ?? (uri && addressOf(uri))?.task ?? '');
    if (task !== undefined) {
      return this.inReview(task);
    }
    return uri?.scheme === 'file' ? this.inFile(uri) : [];
  }

  private async inReview(task: TaskView): Promise<Spot[]> {
    const { proposal } = this.reviews.get(task.id) ?? (await this.reviews.refresh(task.id));
    const paths = [...new Set(proposal.files.map((file) => file.path))];
    const files = await Promise.all(paths.map((path) => this.reviews.file(task.id, path)));
    return files.flatMap((file) =>
      placesInProposal(proposal, file).map((place) => ({ task, place, uri: proposalUri(task, file.path) })),
    );
  }

  private async inFile(uri: vscode.Uri): Promise<Spot[]> {
    await this.ctx.ready();
    const ready = this.ctx.tasks.all().filter((task) => task.state.name === 'ready');
    const spots = await Promise.all(
      ready.map(async (task) => {
        const { proposal } = await this.reviews.refresh(task.id);
        const paths = proposal.files.map((file) => file.path);
        const path = paths.find((each) => fileUri(task, each).toString() === uri.toString());
        return path === undefined ? [] : placesInFile(proposal, path).map((place) => ({ task, place, uri }));
      }),
    );
    return spots.flat().sort((a, b) => a.place.line - b.place.line);
  }
}

function atCursor(spots: readonly Spot[]): Spot | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    return undefined;
  }
  const document = editor.document.uri.toString();
  const isRight = spots.some(({ uri }) => uri.toString() === document);
  const here = isRight
    ? spots.filter(({ uri }) => uri.toString() === document)
    : spots.filter(({ task, place }) => fileUri(task, place.path).toString() === document);
  // In the left side of a review, a hunk stands where it stands in the file.
  const places = here.map(({ place }) =>
    isRight ? place : { ...place, line: place.hunk.line, lines: place.hunk.lines },
  );
  const found = placeAt(places, editor.selection.active.line);
  return here.find(({ place }) => place.hunk.id === found?.hunk.id);
}

async function goTo({ task, place, uri }: Spot): Promise<void> {
  const selection = new vscode.Range(place.line, 0, place.line, 0);
  const editor = vscode.window.activeTextEditor;
  const isShown = editor?.document.uri.toString() === uri.toString();
  if (isShown && !isMultiDiff(task.id)) {
    editor.selection = new vscode.Selection(selection.start, selection.end);
    editor.revealRange(selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  } else if (uri.scheme === 'file') {
    await vscode.window.showTextDocument(uri, { selection });
  } else if (place.change.kind === 'binary' || place.change.kind === 'unsupported') {
    // A diff would be one of images, or what else the name stands for.
    await vscode.window.showTextDocument(uri, { selection, preview: true });
    await closeOthers(task.id);
  } else {
    const [left, right] = sides(task, place);
    const title = `${place.path} · aca: ${task.title}`;
    await vscode.commands.executeCommand('vscode.diff', left, right, title, { selection, preview: true });
    await closeOthers(task.id);
  }
}

function isMultiDiff(task: TaskId): boolean {
  const { activeTab } = vscode.window.tabGroups.activeTabGroup;
  return activeTab !== undefined && tabsOf(task).whole.includes(activeTab);
}

/** Closes the diffs of other files that were gone through. One that was typed in is no preview, and stays otherwise. */
async function closeOthers(task: TaskId): Promise<void> {
  const { activeTab } = vscode.window.tabGroups.activeTabGroup;
  await vscode.window.tabGroups.close(
    tabsOf(task).single.filter((tab) => tab !== activeTab),
    true,
  );
}
