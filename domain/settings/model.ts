/** Language models: how they are asked, and what of their streamed answers counts. */
import { APIS } from '../protocols/index.ts';
import {
  absent,
  choice,
  jsonObject,
  named,
  number,
  numbers,
  setting,
  slo,
  toggle,
  urlPath,
} from './kinds.ts';

export const STREAM = {
  api: setting(
    choice(APIS),
    'chat',
    "how the server is asked: OpenAI's chat or text completions, llama.cpp's /completion, or events token ... done",
  ),
  apiPath: absent(urlPath, "path that is posted to, below the base URL (default the api's own)"),
  model: absent(named('NAME'), 'model to ask for (default the first that /v1/models lists)'),
  shadowModel: absent(named('NAME'), "the shadow's model or adapter (default the same as --model)"),
  stream: setting(toggle, true, 'streamed answers; without them there is no TTFT, TPOT or ITL'),
  maxTokens: setting(number({ min: 1, max: 1_000_000, whole: true }), 128, 'most tokens of an answer'),
  forceLength: setting(
    toggle,
    false,
    'each answer has --max-tokens tokens (ignore_eos and min_tokens, where the server takes them); then a gate',
  ),
  temperature: setting(number({ min: 0, max: 5 }), 0, 'sampling temperature'),
  body: absent(
    jsonObject,
    'members that each request has beside its own, as {"top_p":0.9}; null takes one out, as {"stream_options":null}',
  ),
  shadowBody: absent(jsonObject, 'the same for the shadow alone, after --body'),
  uniquePrefix: setting(
    toggle,
    false,
    'a text of its own before each prompt, so that no prefix cache flatters TTFT',
  ),
  slo: absent(
    slo,
    'objective for goodput, as ttft=200ms,tpot=50ms: the share of all requests sent that meet it',
  ),
  promptLengths: setting(
    numbers({ min: 1, max: 1_000_000 }),
    [16, 64, 256, 512, 1024, 2048],
    'k6:single: lengths of the prompts, in words',
  ),
  repeats: setting(
    number({ min: 1, max: 100_000, whole: true }),
    5,
    'k6:single: measured requests of each prompt length',
  ),
} as const;
