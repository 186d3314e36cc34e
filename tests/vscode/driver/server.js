// VS Code's own server: a process group with a profile, extensions and a port of its own.

import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const START_LIMIT = 60_000;

export class Server {
  /**
   * @param {string} program The folder of VS Code's server.
   * @param {string} folder Where its profile goes; it is made.
   */
  constructor(program, folder) {
    this.main = path.join(program, 'out/server-main.js');
    this.data = folder;
    this.extensions = path.join(folder, 'extensions');
    this.log = '';
    this.port = 0;
    fs.mkdirSync(path.join(folder, 'data/User'), { recursive: true });
    fs.mkdirSync(path.join(folder, 'data/Machine'));
    fs.mkdirSync(this.extensions);
  }

  /**
   * Writes the settings; only before the start. Those of a machine are not looked for among the user's, because every
   * window of this VS Code is a remote one.
   * @param {Record<string, unknown>} user
   * @param {Record<string, unknown>} machine
   */
  configure(user, machine) {
    fs.writeFileSync(path.join(this.data, 'data/User/settings.json'), JSON.stringify(user, null, 2));
    fs.writeFileSync(path.join(this.data, 'data/Machine/settings.json'), JSON.stringify(machine, null, 2));
  }

  /** @param {string} vsix Installs a packed extension, as a user does. */
  install(vsix) {
    const folders = ['--server-data-dir', this.data, '--extensions-dir', this.extensions];
    this.log += execFileSync(process.execPath, [this.main, ...folders, '--install-extension', vsix], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Starts it and waits until it serves. */
  async start() {
    const child = spawn(
      process.execPath,
      [
        this.main,
        '--without-connection-token',
        '--accept-server-license-terms',
        '--enable-smoke-test-driver',
        ...['--host', '127.0.0.1', '--port', '0'],
        ...['--server-data-dir', this.data, '--extensions-dir', this.extensions],
        ...['--telemetry-level', 'off'],
      ],
      // A process group of its own, so that its end is the end of the extension host and its children too.
      { detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.process = child;
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`VS Code's server does not serve:\n${this.log}`)), START_LIMIT);
      const hear = (/** @type {Buffer} */ text) => {
        this.log += text;
        const port = /Web UI available at http:\/\/localhost:(\d+)\s/.exec(this.log)?.[1];
        if (port !== undefined) {
          this.port = Number(port);
          clearTimeout(late);
          resolve(undefined);
        }
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', () => {
        clearTimeout(late);
        reject(new Error(`VS Code's server ended:\n${this.log}`));
      });
    });
  }

  /** @param {Record<string, string>} query */
  url(query) {
    return `http://127.0.0.1:${this.port}/?${new URLSearchParams(query)}`;
  }

  /** The log that an extension's output channel writes, wherever VS Code put it; empty if there is none. */
  channel(/** @type {string} */ name) {
    const logs = path.join(this.data, 'data/logs');
    const files = fs.existsSync(logs) ? fs.readdirSync(logs, { recursive: true, encoding: 'utf8' }) : [];
    const found = files.filter((file) => path.basename(file) === name);
    return found.map((file) => fs.readFileSync(path.join(logs, file), 'utf8')).join('');
  }

  /** Ends it, and everything it started. */
  async stop() {
    const child = this.process;
    if (child?.pid === undefined) {
      return;
    }
    const ended = child.exitCode ?? child.signalCode;
    const exit = ended === null ? new Promise((resolve) => child.once('exit', resolve)) : undefined;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The whole group has ended before.
    }
    await exit;
  }
}
