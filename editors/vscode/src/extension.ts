// What VS Code calls: starts the extension and gives tests and other extensions a handle on it.

import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { registerContextKeys } from './can';
import { registerChecks } from './checks';
import { Ctx } from './ctx';
import { registerDoctor } from './doctor';
import { registerLandings } from './landings';
import { registerNotifications } from './notify';
import { Pages } from './pages';
import type { TaskView } from './protocol';
import { registerReview } from './review';
import { registerStart } from './start';
import { registerStatus } from './status';
import { registerSteer } from './steer';
import { registerTranscript } from './transcript';
import { registerTree, type TasksView } from './tree';
import { registerUsage } from './usage';

/** What `activate` returns. */
export interface AcaApi {
  /** The running client; starts the server if it does not run. */
  client(): Promise<LanguageClient>;
  /** The tasks as they are known, oldest first. */
  tasks(): readonly TaskView[];
  readonly onTask: vscode.Event<TaskView>;
  /** Whether the server is up. */
  readonly running: boolean;
  readonly tasksView: TasksView;
}

let ctx: Ctx | undefined;

export function activate(extension: vscode.ExtensionContext): AcaApi | undefined {
  try {
    return start(extension);
  } catch (error) {
    // VS Code itself shows nothing of an activation that failed.
    const message = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(`The aca extension cannot start: ${message}`);
    throw error;
  }
}

export async function deactivate(): Promise<void> {
  await ctx?.dispose();
  ctx = undefined;
}

function start(extension: vscode.ExtensionContext): AcaApi {
  const own = new Ctx(extension);
  ctx = own;
  const pages = new Pages(own);
  registerContextKeys(own);
  registerStart(own);
  registerSteer(own);
  registerLandings(own);
  registerChecks(own);
  registerDoctor(own, pages);
  registerUsage(own, pages);
  const tasksView = registerTree(own);
  registerStatus(own);
  registerNotifications(own);
  own.owns(registerReview(own));
  own.owns(registerTranscript(own));
  own.command('aca.restartServer', () => own.restart());
  own.command('aca.showLog', () => {
    own.log.show();
  });
  startWithFirstFile(own);
  return {
    client: () => own.client(),
    tasks: () => own.tasks.all(),
    onTask: own.onTask,
    get running() {
      return own.health.name === 'running';
    },
    tasksView,
  };
}

/** Starts the server when the first file is open: before, nothing needs it but a command, which starts it itself. */
function startWithFirstFile(own: Ctx): void {
  const isFile = (document: vscode.TextDocument): boolean => document.uri.scheme === 'file';
  if (vscode.workspace.textDocuments.some(isFile)) {
    own.startUnasked();
    return;
  }
  own.owns(
    vscode.workspace.onDidOpenTextDocument((document) => {
      if (isFile(document)) {
        own.startUnasked();
      }
    }),
  );
}
