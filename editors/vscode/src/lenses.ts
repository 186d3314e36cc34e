// Has VS Code ask for the lenses of what is to be seen.
//
// VS Code asks some time after it was told that lenses are out of date, and drops that when the editor loses the keyboard
// meanwhile: what is out of date then stays so until someone clicks into the text. So it is told again until it has asked.

import * as vscode from 'vscode';

/**
 * How long VS Code has to ask before it is told again, at first and at most; it has twice as long each time. It waits the
 * longer the longer answers take, up to a minute, and begins to wait anew each time that it is told.
 */
const FIRST_MS = 1_000;
const LAST_MS = 64_000;

export class LensRefresh implements vscode.Disposable {
  /** The documents to be seen whose lenses VS Code is to ask for. */
  private readonly due = new Set<string>();
  private seen = new Set<string>();
  private patience = FIRST_MS;
  private timer: NodeJS.Timeout | undefined;
  private readonly own: vscode.Disposable[];

  constructor(
    private readonly scheme: string,
    private readonly tell: () => void,
  ) {
    this.own = [
      vscode.window.onDidChangeVisibleTextEditors(() => {
        const before = this.seen;
        this.expect([...this.look()].filter((key) => !before.has(key)));
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const key = document.uri.toString();
        if (contentChanges.length > 0 && this.seen.has(key)) {
          this.expect([key]);
        }
      }),
    ];
    this.look();
  }

  /** Says that lenses are out of date. */
  refresh(): void {
    const seen = [...this.look()];
    if (seen.length === 0 || seen.some((key) => !this.due.has(key))) {
      this.expect(seen);
      this.tell();
    }
  }

  /** Notes that VS Code asks for the lenses of a document. */
  asked({ uri }: vscode.TextDocument): void {
    if (this.due.delete(uri.toString()) && this.due.size === 0) {
      clearTimeout(this.timer);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.own).dispose();
  }

  private look(): ReadonlySet<string> {
    const documents = vscode.window.visibleTextEditors.map(({ document }) => document);
    const ours = documents.filter(({ uri }) => uri.scheme === this.scheme);
    this.seen = new Set(ours.map(({ uri }) => uri.toString()));
    return this.seen;
  }

  private expect(keys: readonly string[]): void {
    if (keys.length > 0) {
      for (const key of keys) {
        this.due.add(key);
      }
      this.patience = FIRST_MS;
      this.wait();
    }
  }

  private wait(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const seen = this.look();
      for (const key of [...this.due].filter((key) => !seen.has(key) || this.patience >= LAST_MS)) {
        this.due.delete(key);
      }
      if (this.due.size > 0) {
        this.patience *= 2;
        this.wait();
        this.tell();
      }
    }, this.patience);
  }
}
