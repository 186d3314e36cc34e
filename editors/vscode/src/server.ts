// Finds the server program and makes sure that it runs.

import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { Config } from './config';

const NAME = process.platform === 'win32' ? 'aca.exe' : 'aca';
const VERSION_TIMEOUT_MS = 20_000;

/** A server program that has said its version. */
export interface Server {
  path: string;
  version: string;
  env: NodeJS.ProcessEnv;
}

/** Where a program was named, for messages. */
interface Candidate {
  path: string;
  from: string;
  mend: string;
}

/** Returns the server to run. The error says what was tried and what to do. */
export async function findServer(extension: vscode.ExtensionContext, config: Config): Promise<Server> {
  const candidate = await find(extension, config);
  const env = { ...process.env, ...config.serverExtraEnv };
  try {
    const { stdout } = await promisify(execFile)(candidate.path, ['--version'], { env, timeout: VERSION_TIMEOUT_MS });
    return { path: candidate.path, version: stdout.trim(), env };
  } catch (error) {
    const why = reason(error);
    throw new Error(`The aca server ${candidate.from} does not run: ${why}. ${candidate.mend}`, { cause: error });
  }
}

async function find(extension: vscode.ExtensionContext, config: Config): Promise<Candidate> {
  const developed = process.env['ACA_SERVER_PATH'];
  if (developed) {
    return {
      path: developed,
      from: 'named by the environment variable ACA_SERVER_PATH',
      mend: `It names ${developed}: correct it or unset it.`,
    };
  }
  const set = config.serverPath;
  if (set !== undefined) {
    return {
      path: set,
      from: 'named by the setting “aca.server.path”',
      mend: `The setting says ${set}: correct it, or remove it to use the server that comes with the extension.`,
    };
  }
  const bundled = vscode.Uri.joinPath(extension.extensionUri, 'server', NAME).fsPath;
  if (await isExecutable(bundled)) {
    return {
      path: bundled,
      from: 'that comes with the extension',
      mend: `It is ${bundled}: install the extension anew.`,
    };
  }
  return {
    path: NAME,
    from: 'on the PATH',
    mend:
      'Install it with “cargo install --path server/aca” in a checkout of aca, or name it in the setting ' +
      '“aca.server.path”, then run “aca: Restart Server”.',
  };
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const isMissing = 'code' in error && error.code === 'ENOENT';
  return isMissing ? 'there is no such program' : error.message.trim().replace(/\.$/, '');
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
