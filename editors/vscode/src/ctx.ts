// The one owner of what the extension has: settings, the client and its life, the tasks, the log, the commands.

import { sep } from 'node:path';
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { Connection } from './client';
import { Config, isOurs, needsRestart } from './config';
import * as aca from './protocol';
import { findServer, type Server } from './server';
import { TaskStore } from './tasks';
import { asMessage } from './words';

/** How long the server has for its end; the sessions are not its own, so nothing is lost by less. */
const STOP_TIMEOUT_MS = 1_000;

interface Disposable {
  dispose(): unknown;
}

/** How the server is. */
export type Health =
  | { name: 'notStarted' | 'starting' | 'stopped' }
  | { name: 'running'; server: Server; status: aca.StatusResult | undefined }
  | { name: 'failed'; message: string };

export class Ctx {
  readonly log = vscode.window.createOutputChannel('aca', { log: true });
  readonly config: Config;
  readonly tasks = new TaskStore();

  private readonly own: Disposable[] = [];
  private current: (Connection & { server: Server }) | undefined;
  private starting: Promise<LanguageClient> | undefined;
  private loading: Promise<void> | undefined;
  private state: Health = { name: 'notStarted' };

  private readonly task = this.emitter<aca.TaskView>();
  private readonly proposal = this.emitter<aca.ProposalChangedParams>();
  private readonly transcript = this.emitter<aca.TranscriptChangedParams>();
  private readonly conflict = this.emitter<aca.ConflictParams>();
  private readonly running = this.emitter<boolean>();
  private readonly healthChanged = this.emitter<Health>();

  /** A task is another than before: the newer view. */
  readonly onTask = this.task.event;
  /** A proposal changed. */
  readonly onProposal = this.proposal.event;
  /** A transcript that was asked for grew. */
  readonly onTranscript = this.transcript.event;
  /** A person edits what a running task works on. */
  readonly onConflict = this.conflict.event;
  /** The server is up, or is not any more. It fires again for each new server. */
  readonly onRunning = this.running.event;
  readonly onHealth = this.healthChanged.event;

  constructor(readonly extension: vscode.ExtensionContext) {
    this.config = new Config(extension.extension);
    this.own.push(
      this.log,
      this.tasks,
      vscode.workspace.onDidChangeConfiguration((event) => {
        this.configurationChanged(event);
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.tasks.keepWorkspaces((workspace) => workspacePaths().includes(workspace));
        this.background(this.loadTasks());
      }),
    );
  }

  get health(): Health {
    return this.state;
  }

  /** Returns the running client. Starts it if it does not run. */
  async client(): Promise<LanguageClient> {
    if (this.current?.client.isRunning()) {
      return this.current.client;
    }
    this.starting ??= this.start().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  /** Waits until the server is up and has told its tasks. Starts it if it does not run. */
  async ready(): Promise<void> {
    await this.client();
    await this.loading;
  }

  /** Starts the server if nobody has tried yet. What goes wrong is shown. */
  startUnasked(): void {
    if (this.state.name === 'notStarted') {
      this.background(this.client());
    }
  }

  /** Asks the server something. Starts it if it does not run. */
  async request<P, R>(request: aca.Request<P, R>, params: NoInfer<P>): Promise<R> {
    return ask(await this.client(), request, params);
  }

  /** Runs a command of the server. */
  async execute(command: string, argument: unknown): Promise<unknown> {
    const client = await this.client();
    return client.sendRequest('workspace/executeCommand', { command, arguments: [argument] });
  }

  async restart(): Promise<void> {
    await this.starting?.catch(() => undefined);
    await this.end();
    await this.client();
  }

  /** Registers a command. What goes wrong in it is shown. */
  command(name: string, run: (...args: unknown[]) => unknown): void {
    const registered = vscode.commands.registerCommand(name, async (...args: unknown[]) => {
      try {
        return await run(...args);
      } catch (error) {
        this.report(error);
        return undefined;
      }
    });
    this.own.push(registered);
  }

  /** Has something disposed with the extension. */
  owns(disposable: Disposable): void {
    this.own.push(disposable);
  }

  /** Lets work go on without waiting for it. What goes wrong is shown. */
  background(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.report(error);
    });
  }

  /** Shows a person what went wrong, with what can be done about it. */
  report(error: unknown, choices: Readonly<Record<string, () => unknown>> = {}): void {
    if (isCancellation(error)) {
      return;
    }
    this.log.error(messageOf(error));
    const message = asMessage(messageOf(error));
    if (isRefusal(error)) {
      void vscode.window.showWarningMessage(message);
      return;
    }
    const showLog = 'Show Log';
    void vscode.window.showErrorMessage(message, ...Object.keys(choices), showLog).then((choice) => {
      if (choice === showLog) {
        this.log.show(true);
      } else if (choice !== undefined) {
        this.background(Promise.resolve(choices[choice]?.()));
      }
    });
  }

  async dispose(): Promise<void> {
    await this.end();
    for (const disposable of this.own.splice(0).reverse()) {
      disposable.dispose();
    }
  }

  private async start(): Promise<LanguageClient> {
    this.setHealth({ name: 'starting' });
    try {
      if (this.current === undefined) {
        const server = await findServer(this.extension, this.config);
        this.log.info(`The server is ${server.path}, ${server.version}.`);
        this.current = { server, ...(await this.connect(server)) };
      }
      await this.current.client.start();
      return this.current.client;
    } catch (error) {
      const failure = this.current === undefined ? error : await startFailure(this.current, error);
      await this.end();
      this.setHealth({ name: 'failed', message: messageOf(failure) });
      throw failure;
    }
  }

  private async connect(server: Server): Promise<Connection> {
    const { createClient } = await import('./client.js');
    const connection = createClient(this.extension, this.log, this.config, server, {
      changed: (isRunning) => {
        this.changed(server, isRunning);
      },
      failed: (error) => {
        this.report(error);
      },
      gaveUp: () => {
        const again = 'Restart Server';
        const message = 'The aca server ends again and again, so it is not started any more. Tasks go on without it.';
        this.report(new Error(message), { [again]: () => this.restart() });
      },
    });
    const hear = <P>({ method }: aca.Notification<P>, heard: (params: P) => void): void => {
      connection.client.onNotification(method, heard);
    };
    hear(aca.TaskChanged, (task) => {
      this.put(task);
    });
    hear(aca.ProposalChanged, (changed) => {
      this.proposal.fire(changed);
    });
    hear(aca.TranscriptChanged, (changed) => {
      this.transcript.fire(changed);
    });
    hear(aca.Conflict, (conflict) => {
      this.conflict.fire(conflict);
    });
    hear(aca.StatusChanged, (status) => {
      this.setHealth({ name: 'running', server, status });
    });
    return connection;
  }

  private changed(server: Server, isRunning: boolean): void {
    this.setHealth(isRunning ? { name: 'running', server, status: undefined } : { name: 'stopped' });
    this.running.fire(isRunning);
    if (isRunning) {
      this.loading = this.loadTasks();
      this.background(this.loading);
    }
  }

  private async end(): Promise<void> {
    const { client, lenses } = this.current ?? {};
    this.current = undefined;
    lenses?.dispose();
    if (client !== undefined) {
      await client.stop(STOP_TIMEOUT_MS).catch(() => undefined);
      await client.dispose().catch(() => undefined);
    }
  }

  /** Asks for what a server that was just started, or folders that were just opened, know already. */
  private async loadTasks(): Promise<void> {
    const client = this.current?.client;
    if (!client?.isRunning()) {
      return;
    }
    const server = this.current?.server;
    const status = await ask(client, aca.Status, {});
    if (server !== undefined) {
      this.setHealth({ name: 'running', server, status });
    }
    for (const workspace of workspacePaths()) {
      try {
        const { session, tasks } = await ask(client, aca.Tasks, { workspace });
        const before = new Map(this.tasks.all().map((task) => [task.id, task.revision]));
        this.tasks.replace(session, [workspace], tasks);
        for (const task of tasks.filter((task) => before.get(task.id) !== task.revision)) {
          this.task.fire(task);
        }
      } catch (error) {
        // The server has told the person already why this workspace cannot be opened; the others can.
        this.log.warn(messageOf(error));
      }
    }
  }

  private put(task: aca.TaskView): void {
    if (this.isHere(task) && this.tasks.put(task) !== false) {
      this.task.fire(task);
    }
  }

  /** A window without folders hears of all workspaces; its own are those of its files. */
  private isHere(task: aca.TaskView): boolean {
    return (
      workspacePaths().length > 0 ||
      this.tasks.get(task.id) !== undefined ||
      vscode.workspace.textDocuments.some(({ uri }) => uri.scheme === 'file' && isBelow(uri.fsPath, task.workspace))
    );
  }

  private configurationChanged(event: vscode.ConfigurationChangeEvent): void {
    if (needsRestart(event)) {
      if (this.state.name !== 'notStarted') {
        this.background(this.restart());
      }
    } else if (isOurs(event) && this.current?.client.isRunning()) {
      const { client, lenses } = this.current;
      const settings = { aca: this.config.serverSettings() };
      this.background(client.sendNotification('workspace/didChangeConfiguration', { settings }));
      lenses.refresh();
    }
  }

  private setHealth(health: Health): void {
    this.state = health;
    void vscode.commands.executeCommand('setContext', 'aca.started', health.name === 'running');
    void vscode.commands.executeCommand('setContext', 'aca.failed', ['failed', 'stopped'].includes(health.name));
    this.healthChanged.fire(health);
  }

  private emitter<T>(): vscode.EventEmitter<T> {
    const emitter = new vscode.EventEmitter<T>();
    this.own.push(emitter);
    return emitter;
  }
}

async function ask<P, R>(client: LanguageClient, { method }: aca.Request<P, R>, params: P): Promise<R> {
  return client.sendRequest<R>(method, params);
}

async function startFailure({ server, lastWords }: Connection & { server: Server }, error: unknown): Promise<Error> {
  const why = (await lastWords()) ?? messageOf(error);
  const message = `The aca server ${server.path} does not start: ${why.replace(/\.$/, '')}. “aca: Run Doctor” may know why.`;
  return new Error(message, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Says whether the server only could not do what it was asked. Its words say why, and the log says no more. */
function isRefusal(error: unknown): boolean {
  const data: unknown = error instanceof Error && 'data' in error ? error.data : undefined;
  const kind = typeof data === 'object' && data !== null && 'kind' in data ? data.kind : undefined;
  return kind === 'invalid' || kind === 'notFound' || kind === 'stale';
}

/** Says whether an error only means that nobody wants the answer any more, as when a window closes. */
function isCancellation(error: unknown): boolean {
  return error instanceof vscode.CancellationError || (error instanceof Error && error.name === 'Canceled');
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder + sep);
}

/** The folders of the window that are on this machine's disk. */
export function workspacePaths(): string[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.filter((folder) => folder.uri.scheme === 'file').map((folder) => folder.uri.fsPath);
}
