// Streams against the truth server, one line a stream into the request log. For the experiments of docs/decisions; the
// suite's own selfcheck is a command.
import { sleep } from 'k6';
import exec from 'k6/execution';
import { open, write } from 'k6/x/requestlog';
import { request } from 'k6/x/stream';

open(__ENV.OUT);
const plan = JSON.stringify({
  ttft_ms: Number(__ENV.TTFT_MS ?? 200),
  itl_ms: Number(__ENV.ITL_MS ?? 20),
  tokens: Number(__ENV.TOKENS ?? 50),
  stream: true,
});
export const options = {
  scenarios: {
    streams: {
      executor: 'constant-vus',
      vus: Number(__ENV.STREAMS ?? 200),
      duration: __ENV.DURATION ?? '10s',
      gracefulStop: '30s',
    },
  },
};
const rules = {
  token_paths: [
    'choices.0.delta.content',
    'choices.0.delta.reasoning_content',
    'choices.0.delta.reasoning',
    'choices.0.delta.tool_calls',
  ],
  text_paths: ['choices.0.delta.content'],
  terminator: { data: '[DONE]' },
  error: { paths: ['error'], event: 'error' },
  usage: { completion_tokens: 'usage.completion_tokens', prompt_tokens: 'usage.prompt_tokens' },
  extra: { finish_reason: 'choices.0.finish_reason', model: 'model', timings: 'timings' },
};

// Streams that all begin at once stay in step and end at once, as independent clients do not: spread them over a period.
const period_s =
  (Number(__ENV.TTFT_MS ?? 200) + Number(__ENV.ITL_MS ?? 20) * Number(__ENV.TOKENS ?? 50)) / 1000;
let spread = false;

export default async function () {
  if (!spread) {
    spread = true;
    sleep((period_s * (exec.vu.idInTest - 1)) / exec.instance.vusInitialized);
  }
  const id = `${exec.vu.idInTest}-${exec.vu.iterationInScenario}`;
  const result = await request('POST', `${__ENV.URL}/v1/chat/completions`, plan, {
    headers: { 'Content-Type': 'application/json', 'X-Request-Id': id },
    tags: { name: 'chat' },
    timeout: '60s',
    rules,
    itl_json: true,
  });
  write(
    `{"id":"${id}","t0_ms":${result.t0_ms},"connecting_ms":${result.connecting_ms},"first_token_ms":${result.first_token_ms},` +
      `"last_token_ms":${result.last_token_ms},"end_ms":${result.end_ms},"token_events":${result.token_events},` +
      `"tokens":${result.usage.completion_tokens},"error":${JSON.stringify(result.error)},"itl_ms":${result.itl_json}}`,
  );
}
