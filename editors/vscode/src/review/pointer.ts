// The hunk that a person points at: the one they went to last, or the one at the cursor.
//
// Nothing stable moves the keyboard from one file of a multi-file diff to another. So the commands keep in mind which hunk
// they went to, mark it, and act on it until the person moves the cursor themselves.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import type { TaskView } from '../protocol';
import { addressOf, fileUri, proposalUri } from './address';
import { neighbour, placeAt, placesInFile, placesInProposal, type Place } from './layout';
import type { Reviews } from './model';
import type { Owned } from './state';
import type { Target } from './threads';

/** How long an editor that was just scrolled to has to appear. */
const APPEAR_MS = 2_000;

/** A hunk where it is shown. */
interface Spot {
  task: TaskView;
  place: Place;
  uri: vscode.Uri;
}

export class Pointer implements vscode.Disposable {
  private pointed: Target | undefined;
  private readonly mark = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    borderStyle: 'solid',
    borderWidth: '0 0 0 3px',
    borderColor: new vscode.ThemeColor('focusBorder'),
    overviewRulerColor: new vscode.ThemeColor('focusBorder'),
  });
  private readonly own: Owned[];

  constructor(
    private readonly ctx: Ctx,
    private readonly reviews: Reviews,
  ) {
    this.own = [
      this.mark,
      vscode.window.onDidChangeTextEditorSelection(({ kind }) => {
        if (
          kind === vscode.TextEditorSelectionChangeKind.Keyboard ||
          kind === vscode.TextEditorSelectionChangeKind.Mouse
        ) {
          this.forget();
        }
      }),
      reviews.onDidChange(() => {
        this.draw();
      }),
      vscode.window.onDidChangeVisibleTextEditors(() => {
        this.draw();
      }),
    ];
  }

  /** Returns the hunk that is pointed at. */
  async target(): Promise<Target | undefined> {
    const spots = await this.spots();
    const spot = spots.find(({ place }) => place.hunk.id === this.pointed?.hunk) ?? atCursor(spots);
    return spot && { task: spot.task.id, hunk: spot.place.hunk.id };
  }

  /** Goes to the next or previous hunk of what is under review in the active editor. */
  async go(direction: 'next' | 'previous'): Promise<void> {
    const spots = await this.spots();
    const editor = vscode.window.activeTextEditor;
    const here = spots.find(({ uri }) => uri.toString() === editor?.document.uri.toString());
    const from = {
      path: here?.place.path ?? '',
      line: editor?.selection.active.line ?? 0,
      hunk: this.pointed?.hunk ?? atCursor(spots)?.place.hunk.id,
    };
    const place = neighbour(
      spots.map((spot) => spot.place),
      from,
      direction,
    );
    const spot = spots.find((other) => other.place === place);
    if (spot === undefined) {
      void vscode.window.showInformationMessage('There is no hunk to go to.');
    } else {
      await this.goTo(spot, spots);
    }
  }

  /** Goes to a hunk of a review that was just opened. */
  async goToHunk(task: TaskView, hunk: string): Promise<void> {
    await appeared(() => visible(task).length > 0);
    const spots = this.inReview(task);
    const spot = spots.find(({ place }) => place.hunk.id === hunk);
    if (spot !== undefined) {
      await this.goTo(spot, spots);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.own).dispose();
  }

  private async goTo(spot: Spot, spots: readonly Spot[]): Promise<void> {
    this.pointed = { task: spot.task.id, hunk: spot.place.hunk.id };
    const editor = spot.uri.scheme === 'file' ? await show(spot.uri) : await scrollTo(spot, spots);
    if (editor === undefined) {
      return;
    }
    const line = Math.min(spot.place.line, editor.document.lineCount - 1);
    editor.selection = new vscode.Selection(line, 0, line, 0);
    editor.revealRange(editor.selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    this.draw();
  }

  private forget(): void {
    if (this.pointed !== undefined) {
      this.pointed = undefined;
      this.draw();
    }
  }

  private draw(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const address = addressOf(editor.document.uri);
      if (address !== undefined) {
        const task = this.ctx.tasks.get(address.task);
        const spots = task === undefined ? [] : this.inReview(task);
        const spot = spots.find(({ place }) => place.hunk.id === this.pointed?.hunk && place.path === address.path);
        editor.setDecorations(this.mark, spot === undefined ? [] : [linesOf(spot.place)]);
      }
    }
  }

  /** The hunks of the review or the file that the active editor belongs to, in the order in which they are shown. */
  private async spots(): Promise<Spot[]> {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const address = uri && addressOf(uri);
    const reviewed = this.ctx.tasks.get(address?.task ?? this.pointed?.task ?? '');
    if (reviewed !== undefined && (address !== undefined || uri?.scheme !== 'file')) {
      return this.inReview(reviewed);
    }
    return uri?.scheme === 'file' ? this.inFile(uri) : [];
  }

  private inReview(task: TaskView): Spot[] {
    const review = this.reviews.get(task.id);
    if (review === undefined) {
      return [];
    }
    const paths = [...new Set(review.proposal.files.map((file) => file.path))];
    return paths.flatMap((path) => {
      const file = review.files.get(path);
      const places = file === undefined ? [] : placesInProposal(review.proposal, file);
      return places.map((place) => ({ task, place, uri: proposalUri(task, path) }));
    });
  }

  private async inFile(uri: vscode.Uri): Promise<Spot[]> {
    await this.ctx.ready();
    const ready = this.ctx.tasks.all().filter((task) => task.state.name === 'ready');
    const spots = await Promise.all(
      ready.map(async (task) => {
        const { proposal } = await this.reviews.refresh(task.id);
        const paths = new Set(proposal.files.map((file) => file.path));
        const path = [...paths].find((path) => fileUri(task, path).toString() === uri.toString());
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
  const here = spots.filter(({ uri }) => uri.toString() === editor.document.uri.toString());
  const place = placeAt(
    here.map((spot) => spot.place),
    editor.selection.active.line,
  );
  return here.find((spot) => spot.place === place);
}

function show(uri: vscode.Uri): Thenable<vscode.TextEditor> {
  return vscode.window.showTextDocument(uri);
}

/** Scrolls a review until a file is to be seen. Only files that are to be seen have an editor, so it goes from one to the next. */
async function scrollTo(spot: Spot, spots: readonly Spot[]): Promise<vscode.TextEditor | undefined> {
  const order = [...new Set(spots.map(({ uri }) => uri.toString()))];
  const goal = order.indexOf(spot.uri.toString());
  for (let hops = 0; hops <= order.length; hops += 1) {
    const editors = visible(spot.task);
    const found = editors.find((editor) => editor.document.uri.toString() === spot.uri.toString());
    if (found !== undefined) {
      return found;
    }
    const indices = new Map(editors.map((editor) => [order.indexOf(editor.document.uri.toString()), editor]));
    const isBelow = goal > Math.max(...indices.keys());
    const last = indices.get(isBelow ? Math.max(...indices.keys()) : Math.min(...indices.keys()));
    if (last === undefined) {
      return undefined;
    }
    const line = isBelow ? last.document.lineCount - 1 : 0;
    last.revealRange(new vscode.Range(line, 0, line, 0), vscode.TextEditorRevealType.AtTop);
    const before = new Set(editors);
    if (!(await appeared(() => visible(spot.task).some((editor) => !before.has(editor))))) {
      return undefined;
    }
  }
  return undefined;
}

function visible(task: TaskView): vscode.TextEditor[] {
  return vscode.window.visibleTextEditors.filter((editor) => addressOf(editor.document.uri)?.task === task.id);
}

/** Waits for something of the editors that are to be seen. Says whether it came. */
async function appeared(isThere: () => boolean): Promise<boolean> {
  if (isThere()) {
    return true;
  }
  return new Promise((resolve) => {
    const end = (came: boolean): void => {
      clearTimeout(timer);
      listener.dispose();
      resolve(came);
    };
    const timer = setTimeout(() => {
      end(isThere());
    }, APPEAR_MS);
    const listener = vscode.window.onDidChangeVisibleTextEditors(() => {
      if (isThere()) {
        end(true);
      }
    });
  });
}

function linesOf({ line, lines }: Place): vscode.Range {
  return new vscode.Range(line, 0, line + Math.max(0, lines - 1), 0);
}
