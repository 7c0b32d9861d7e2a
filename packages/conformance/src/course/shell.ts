// What is typed: a line in a shell, with what it printed and how it ended.
import { type ChildProcess, spawn } from 'node:child_process';

export interface Typed {
  readonly line: string;
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Place {
  /** Where the lines are typed. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Without what the runner tells its suites: a broker takes variables that begin with MOLDAU_ for settings. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('MOLDAU_CONFORMANCE_')),
);

/** A line that goes on while others are typed, such as a consumer. */
export class Running {
  readonly line: string;
  readonly ended: Promise<Typed>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  constructor(place: Place, line: string) {
    this.line = line;
    // `exec`: a signal has to reach the tool and not the shell before it.
    this.#child = spawn('sh', ['-c', line], {
      cwd: place.directory,
      env: { ...ENVIRONMENT, ...place.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (status) =>
        resolve({ line, status: status ?? -1, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** Ctrl-C; answers when it has ended. */
  async interrupt(): Promise<Typed> {
    this.#child.kill('SIGINT');
    return await this.ended;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Types a line and waits for its end. Rejects, and kills what was typed, after `timeoutMs`. */
export async function type(place: Place, line: string, timeoutMs = 120_000): Promise<Typed> {
  const running = new Running(place, line);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      running.kill();
      reject(new Error(`not finished in ${timeoutMs} ms: ${line}\n${running.stdout}`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([running.ended, late]);
  } finally {
    clearTimeout(timer);
  }
}
