/** The history of shell commands, kept as the agent-server does: a file for each event, whose name orders and selects. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';

export interface BashCommand {
  readonly kind: 'BashCommand';
  readonly id: string;
  readonly timestamp: string;
  readonly command: string;
  readonly cwd: string | null;
  /** Seconds. */
  readonly timeout: number;
}

export interface BashOutput {
  readonly kind: 'BashOutput';
  readonly id: string;
  readonly timestamp: string;
  readonly command_id: string;
  readonly order: number;
  /** Null in all but the last of a command. */
  readonly exit_code: number | null;
  readonly stdout: string | null;
  readonly stderr: string | null;
}

export type BashEvent = BashCommand | BashOutput;

export interface EventQuery {
  readonly kind?: string | undefined;
  /** Hexadecimal. Given one, only outputs are found. */
  readonly commandId?: string | undefined;
  readonly orderAbove?: number | undefined;
  readonly newestFirst?: boolean;
  /** Name of the file that the page starts at. */
  readonly pageId?: string | undefined;
  readonly limit: number;
}

/** What all events have: ids have no hyphens. */
export function newEvent(): { readonly id: string; readonly timestamp: string } {
  return { id: randomUUID().replaceAll('-', ''), timestamp: new Date().toISOString().replace('Z', '000Z') };
}

export class EventStore {
  /** Names must be ordered within a millisecond too. */
  #count = 0;

  constructor(private readonly dir: string) {
    mkdirSync(dir, { recursive: true });
  }

  save(event: BashEvent): void {
    const time =
      event.timestamp.replace(/\D/g, '').slice(0, 17) + String(this.#count++ % 1000).padStart(3, '0');
    const command = event.kind === 'BashOutput' ? [event.command_id] : [];
    const name = [time, event.kind, ...command, event.id].join('_');
    writeFileSync(path.join(this.dir, name), JSON.stringify(event, undefined, 2));
  }

  get(id: string): BashEvent | undefined {
    const name = readdirSync(this.dir).find((candidate) => candidate.endsWith(`_${id}`));
    return name === undefined ? undefined : this.#read(name);
  }

  search({ kind, commandId, orderAbove = -1, newestFirst, pageId, limit }: EventQuery): object {
    const names = readdirSync(this.dir)
      .filter((name) => kind === undefined || name.split('_')[1] === kind)
      .filter(
        (name) => commandId === undefined || (name.split('_').length > 3 && name.split('_')[2] === commandId),
      )
      .sort();
    if (newestFirst) names.reverse();
    const items: BashEvent[] = [];
    for (const name of names.slice(Math.max(0, names.indexOf(pageId ?? '')))) {
      const event = this.#read(name);
      if (event.kind === 'BashOutput' && event.order <= orderAbove) continue;
      if (items.length === limit) return { items, next_page_id: name };
      items.push(event);
    }
    return { items, next_page_id: null };
  }

  /** All output of a command that has ended, as one event. */
  joinedOutput(commandId: string): BashOutput {
    const outputs = readdirSync(this.dir)
      .filter((name) => name.split('_').length > 3 && name.split('_')[2] === commandId)
      .map((name) => this.#read(name) as BashOutput)
      .sort((a, b) => a.order - b.order);
    const join = (stream: 'stdout' | 'stderr'): string | null =>
      outputs.map((output) => output[stream] ?? '').join('') || null;
    return { ...outputs.at(-1)!, stdout: join('stdout'), stderr: join('stderr') };
  }

  #read(name: string): BashEvent {
    return JSON.parse(readFileSync(path.join(this.dir, name), 'utf8')) as BashEvent;
  }
}
