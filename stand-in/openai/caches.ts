import { createHash } from 'node:crypto';

/** Keys last used, the oldest forgotten beyond `capacity`. */
export class Recent {
  readonly #capacity: number;
  readonly #keys = new Set<string>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Whether the key was there; it is from now on. */
  touch(key: string): boolean {
    const known = this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size > this.#capacity) {
      const [oldest] = this.#keys;
      if (oldest !== undefined) this.#keys.delete(oldest);
    }
    return known;
  }
}

/** As vLLM's: a prefix is cached in whole blocks of so many tokens. */
const BLOCK_TOKENS = 16;

/** Which prompt prefixes have been computed before. */
export class PrefixCache {
  readonly #blocks = new Recent(100_000);

  /** How many of a prompt's first tokens needn't be computed; at least its last one must. The prompt is cached from now on. */
  cachedTokens(model: string, tokens: readonly string[]): number {
    const prefix = createHash('sha256').update(model);
    let cached = 0;
    let unbroken = true;
    for (let end = BLOCK_TOKENS; end < tokens.length; end += BLOCK_TOKENS) {
      prefix.update(tokens.slice(end - BLOCK_TOKENS, end).join('\n'));
      unbroken = this.#blocks.touch(prefix.copy().digest('base64')) && unbroken;
      if (unbroken) cached = end;
    }
    return cached;
  }
}
