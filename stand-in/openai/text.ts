import { randomFor } from '../kit/random.ts';

const WORDS = (
  'the a one this each some model answer token river stone light window garden paper morning train bridge ' +
  'letter market engine signal harbour winter number reason question field story music circle forest table ' +
  'holds finds keeps turns shows moves opens carries follows answers begins grows reads writes counts waits ' +
  'small early quiet plain distant bright open steady warm narrow and but so because while then where with'
).split(' ');

/** The tokens of a text: pieces of up to six letters or digits, and each other sign but space. */
export function tokensOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}]{1,6}|[^\s\p{L}\p{N}]/gu) ?? [];
}

/** An answer of `count` tokens, always the same for the same key; joined without a separator they are its text. */
export function answerTokens(count: number, ...key: readonly (string | number)[]): readonly string[] {
  const random = randomFor(...key);
  return Array.from({ length: count }, (_, i) => {
    const word = WORDS[Math.floor(random() * WORDS.length)] ?? '';
    return i === 0 ? word : ` ${word}`;
  });
}
