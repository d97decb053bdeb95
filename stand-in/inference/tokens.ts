import { hash } from '../kit/random.ts';

const VOCABULARY = 32_000;

/** Pieces of up to four characters of each word, as a subword tokenizer makes them; always the same for a text. */
export function tokenIds(text: string): number[] {
  const pieces = text.match(/\S{1,4}/gu) ?? [];
  return pieces.map((piece) => hash([piece]) % VOCABULARY);
}

/** The tokens that greedy decoding adds to a prompt: always the same. */
export function generatedIds(prompt: string, count: number): number[] {
  return Array.from({ length: count }, (_, i) => hash([prompt, i]) % VOCABULARY);
}
