import { ApiError } from './apiError';
import type { BoxView } from './boxRecord';

interface Creation {
  readonly digest: string;
  readonly done: Promise<BoxView>;
  readonly abandoned: AbortController;
  /** Clients that wait for it. */
  waiting: number;
}

/** A request for a new box as its client may repeat it. */
export interface Repeatable {
  readonly key: string;
  /** Of the request: a key stands for one. */
  readonly digest: string;
}

/**
 * Creations under way, by the key with which their clients repeat them. One goes on as long as a client waits for it:
 * it may take minutes, and who has cancelled it wants no box.
 */
export class Creations {
  readonly #underWay = new Map<string, Creation>();

  /** Resolves with the box that `create` makes, once for all who ask meanwhile. `signal`: this client is gone. */
  async share(
    request: Repeatable,
    signal: AbortSignal | undefined,
    create: (signal: AbortSignal) => Promise<BoxView>,
  ): Promise<BoxView> {
    const known = this.#underWay.get(request.key);
    if (known) requireSameRequest(request, known.digest);
    if (!known?.abandoned.signal.aborted) return wait(known ?? this.#begin(request, create), signal);
    // What is left of it goes first: a box of the same name may be on its way out.
    await known.done.catch(() => undefined);
    return this.share(request, signal, create);
  }

  #begin({ key, digest }: Repeatable, create: (signal: AbortSignal) => Promise<BoxView>): Creation {
    const abandoned = new AbortController();
    const done = create(abandoned.signal).finally(() => this.#underWay.delete(key));
    const creation = { digest, done, abandoned, waiting: 0 };
    this.#underWay.set(key, creation);
    return creation;
  }
}

/** Throws the API's refusal of a key that was used for another request. */
export function requireSameRequest({ key, digest }: Repeatable, known: string): void {
  if (known === digest) return;
  throw new ApiError('idempotency_mismatch', `Idempotency-Key ${key} was used for a different request`);
}

/** Throws the API's refusal once nobody waits for what is being made. */
export function requireClient(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ApiError('invalid_state', 'Nobody waits for this box any more');
}

async function wait(creation: Creation, signal: AbortSignal | undefined): Promise<BoxView> {
  const leave = (): void => {
    if (--creation.waiting === 0) creation.abandoned.abort();
  };
  creation.waiting++;
  if (signal?.aborted) leave();
  signal?.addEventListener('abort', leave, { once: true });
  try {
    return await creation.done;
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}
