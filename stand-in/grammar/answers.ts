import { randomFor } from '../kit/random.ts';
import type { Behaviour } from './profiles.ts';
import type { Payload } from './payloads.ts';

export interface Answered {
  readonly corrected: string;
  readonly translation: string;
}

interface AnswerRules {
  readonly payloads: ReadonlyMap<string, Payload>;
  readonly variant: string;
  readonly behaviour: Behaviour;
  /** Of what is right and wrong, the same for both variants. */
  readonly accuracy_seed: number;
  /** Share of the answers that are drawn anew for each request. */
  readonly noise: number;
  readonly seed: number;
}

/** What must differ for a wrong answer to be wrong: case, space and closing punctuation don't count. */
const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/[\s.!?…]+$/, '')
    .trim();

/** The first candidate that no label accepts. */
function firstWrong(candidates: readonly string[], labels: readonly string[]): string {
  const right = new Set(labels.map(plain));
  return candidates.find((candidate) => !right.has(plain(candidate))) ?? '';
}

const withoutWord = (text: string, u: number): string => {
  const words = text.split(' ');
  return words.toSpliced(1 + Math.floor(u * (words.length - 1)), 1).join(' ');
};

/**
 * The model behind the service: right or wrong by text, so that repeats agree; on most texts both variants go by the same
 * draw, which makes what the better one gets right a superset.
 */
export class Answers {
  readonly #rules: AnswerRules;
  readonly #translations: readonly string[];

  constructor(rules: AnswerRules) {
    this.#rules = rules;
    this.#translations = [...rules.payloads.values()].map(({ expected }) => expected.translation[0] ?? '');
  }

  /** A text without labels comes back as it is, translated by itself. */
  to(text: string, index: number): Answered {
    const payload = this.#rules.payloads.get(text);
    if (payload === undefined) return { corrected: text, translation: text };
    const { corrected, translation } = payload.expected;
    const { correction_accuracy, translation_accuracy } = this.#rules.behaviour;
    const key = this.#key(text, index);
    const wrongs = [text, withoutWord(corrected[0] ?? text, randomFor(...key, 'word')())];
    return {
      corrected: this.#choose(key, 'correction', correction_accuracy, corrected, wrongs),
      translation: this.#choose(
        key,
        'translation',
        translation_accuracy,
        translation,
        this.#mistranslations(key, text),
      ),
    };
  }

  /** What the draws hang on: the text; for noise the request; for discord the variant too. */
  #key(text: string, index: number): (string | number)[] {
    const { accuracy_seed, noise, seed, variant, behaviour } = this.#rules;
    if (noise > 0 && randomFor(seed, variant, 'noise', index)() < noise)
      return [seed, variant, 'noisy', index];
    const discord = randomFor(accuracy_seed, 'discord', text)() < behaviour.discord;
    return discord ? [accuracy_seed, variant, text] : [accuracy_seed, text];
  }

  #choose(
    key: (string | number)[],
    what: string,
    accuracy: number,
    labels: readonly string[],
    wrongs: readonly string[],
  ): string {
    const random = randomFor(...key, what);
    if (random() >= accuracy) return firstWrong(wrongs, labels);
    // Mostly the natural wording, at times another that counts as right.
    const alternative = random() < 0.25 ? Math.floor(random() * labels.length) : 0;
    return labels[alternative] ?? '';
  }

  /** Another sentence's translation, or none at all. */
  #mistranslations(key: (string | number)[], text: string): string[] {
    const random = randomFor(...key, 'mistranslation');
    const other = this.#translations[Math.floor(random() * this.#translations.length)] ?? text;
    return random() < 0.5 ? [other, text] : [text, other];
  }
}
